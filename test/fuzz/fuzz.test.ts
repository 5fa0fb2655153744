import { status } from '@grpc/grpc-js';
import test from 'ava';
import fc from 'fast-check';
import type protobuf from 'protobufjs';
import { methodsOf, ownProtos } from '../cluster/wire/protos.js';
import { startOurs } from '../differential/servers.js';
import { Target } from './member.js';
import { encodedMessage } from './messages.js';

// FUZZ_MESSAGES=1000 sends more of each kind, FUZZ_SEED=2 others.
const { FUZZ_MESSAGES: count = '8', FUZZ_SEED: seed = '1' } = process.env;

/** What it takes to change the members, and to leave the state for good, is not left to chance here. */
const spared = new Set(['/etcdserverpb.Auth/AuthDisable']);

/** Until they hold what others hold. */
const queues = new Set(['/v3lockpb.Lock/Lock', '/v3electionpb.Election/Campaign']);

const methods = methodsOf(ownProtos)
  .filter(({ path }) => !path.startsWith('/quorate.') && !spared.has(path))
  .map(({ path, requestStream, responseStream }) => {
    return { path, mayWait: requestStream || responseStream || queues.has(path) };
  });

function requestType(path: string): protobuf.Type {
  const [, service = '', method = ''] = path.split('/');
  const { requestType } = ownProtos.lookupService(service).methods[method] ?? {};
  return ownProtos.lookupService(service).lookupType(requestType ?? '');
}

/** Nobody who sends bytes is told that something went wrong inside. */
const ourFault = /internal error|undefined|null|TypeError|RangeError|Assertion/;

test('whatever a message says, it is answered in time and in the words of etcd, and a refusal changes nothing', async (t) => {
  t.timeout(Math.max(120_000, 200 * Number(count) * methods.length));
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
        if (code === status.INTERNAL && text !== 'Error deserializing request') throw new Error(`INTERNAL ${text}`);
        if (ourFault.test(text)) throw new Error(text);
        if (code !== status.OK && (await target.state()) !== before) throw new Error(`${text}, and a changed state`);
      }),
      { numRuns: Number(count), seed: Number(seed) },
    );
    const [shortest] = verdict.counterexample ?? [];
    t.false(
      verdict.failed,
      `${path} ${shortest?.toString('hex').slice(0, 400)} seed ${verdict.seed}: ${verdict.errorInstance}`,
    );
  }
});
