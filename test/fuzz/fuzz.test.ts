import { status } from '@grpc/grpc-js';
import test from 'ava';
import fc from 'fast-check';
import { startOurs } from '../differential/servers.js';
import { Target } from './member.js';
import { encodedMessage } from './messages.js';
import { count, methods, ourFault, requestType, seed, timeoutMs } from './methods.js';

test('whatever a message says, it is answered in time and in the words of etcd, and a refusal changes nothing', async (t) => {
  t.timeout(timeoutMs);
  const target = new Target(await startOurs(t));
  t.teardown(() => target.close());
  await target.secure();
  for (const method of methods) {
    const { path } = method;
    const message = encodedMessage(requestType(path));
    const user = fc.constantFrom('root', 'root', 'u', 'v', undefined);
    const verdict = await fc.check(
      fc.asyncProperty(message, user, async (bytes, name) => {
        const before = await target.state();
        const { code, text } = await target.send(method, bytes, name);
        if (code === status.DEADLINE_EXCEEDED) throw new Error('no answer in time');
        if (code === status.INTERNAL && !text.startsWith('grpc: error unmarshalling request: '))
          throw new Error(`INTERNAL ${text}`);
        if (ourFault.test(text)) throw new Error(text);
        if (code !== status.OK && (await target.state()) !== before) throw new Error(`${text}, and a changed state`);
      }),
      { numRuns: count, seed },
    );
    const [shortest] = verdict.counterexample ?? [];
    t.false(
      verdict.failed,
      `${path} ${shortest?.toString('hex').slice(0, 400)} seed ${verdict.seed}: ${verdict.errorInstance}`,
    );
  }
});
