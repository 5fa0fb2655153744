import test from 'ava';
import fc from 'fast-check';
import { gatewayPaths } from '../../cluster/api/http/gateway-paths.js';
import { startOurs } from '../differential/servers.js';
import { jsonBody } from './json.js';
import { Target } from './member.js';
import { count, methods, ourFault, requestType, seed, timeoutMs } from './methods.js';

/** As gRPC's codes come out over HTTP. */
const statuses = new Set([200, 400, 401, 403, 404, 409, 412, 429, 501, 503, 504]);
/** Otherwise a mistake of ours; these two say UNKNOWN to whatever the store refuses them, as etcd's do. */
const mayBe500 = /^\/v3\/(lock|election)\//;

const paths = [...gatewayPaths].flatMap(([path, method]) => {
  const found = methods.find((each) => each.path === method);
  return found === undefined ? [] : [{ path, method, mayWait: found.mayWait }];
});

/** Of an answer as grpc-gateway gives it, or of the one part of a stream's; undefined: it is neither. */
function messageOf(text: string): string | undefined {
  const answer = JSON.parse(text) as Record<string, unknown>;
  const told = typeof answer.error === 'object' ? (answer.error as Record<string, unknown>) : answer;
  const isWhole = typeof told.code === 'number' && typeof told.message === 'string';
  return isWhole && (told !== answer || told.error === told.message) ? String(told.message) : undefined;
}

test('whatever JSON the gateway is sent, it is answered in time and in its own words, and a refusal changes nothing', async (t) => {
  t.timeout(timeoutMs);
  const target = new Target(await startOurs(t));
  t.teardown(() => target.close());
  await target.secure();
  for (const { path, method, mayWait } of paths) {
    const user = fc.constantFrom('root', 'root', 'u', undefined);
    const verdict = await fc.check(
      fc.asyncProperty(jsonBody(requestType(method)), user, async (json, name) => {
        const before = await target.state();
        const { status, text } = await target.post(path, json, mayWait, name);
        if (!statuses.has(status) && !(status === 500 && mayBe500.test(path))) throw new Error(`${status} ${text}`);
        if (status === 200) return;
        const message = messageOf(text);
        if (message === undefined || ourFault.test(message)) throw new Error(text);
        // What waits may be over at any time, and leaves something behind, or takes it away.
        if (!mayWait && (await target.state()) !== before) throw new Error(`${text}, and a changed state`);
      }),
      { numRuns: count, seed },
    );
    t.false(verdict.failed, `${path} ${verdict.counterexample?.[0]} seed ${verdict.seed}: ${verdict.errorInstance}`);
  }
});
