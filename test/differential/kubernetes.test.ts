import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import type { etcdserverpb } from '../../cluster/wire/generated/messages.js';
import type { Method } from '../../cluster/wire/method.js';
import { kvMethods, leaseMethods, watchMethods } from '../../cluster/wire/services.js';
import { judge } from '../judges.js';
import { plain, relative } from './plain.js';
import type { Server } from './server.js';
import { startBoth } from './servers.js';

// What the API server of Kubernetes asks of its store, call by call: lists in pages, writes that are guarded by the revision that was read,
// leases for events, watches from a revision with progress, and its own compactions.

type Txn = etcdserverpb.TxnRequest.$Properties;

const bytes = (text: string): Buffer => Buffer.from(text);
const pods = '/registry/pods/';
const end = bytes('/registry/pods0');
const [equal, mod, version] = [0, 2, 0];

const put = (key: string, value: string, lease = 0) => ({
  requestPut: { key: bytes(key), value: bytes(value), lease },
});
const get = (key: string) => ({ requestRange: { key: bytes(key) } });
const gone = (key: string) => ({ requestDeleteRange: { key: bytes(key) } });
const guarded = (key: string, revision: number, success: object): Txn => ({
  compare: [{ key: bytes(key), target: mod, result: equal, modRevision: revision }],
  success: [success],
  failure: [get(key)],
});

/** Everything that comes of the calls, one after the other. */
async function asApiServer(t: ExecutionContext, server: Server): Promise<unknown[]> {
  const said: unknown[] = [];
  const ask = async <Request, Response>(method: Method<Request, unknown, never, Response>, request: Request) => {
    const answer = await server.call(method, request);
    said.push('answer' in answer ? relative(answer.answer, 0) : answer);
    return answer;
  };
  const watch = server.stream(watchMethods.watch);
  t.teardown(() => watch.cancel());
  watch.on('error', () => {});
  const heard: unknown[] = [];
  watch.on('data', (answer) => heard.push(relative(plain(answer), 0)));
  watch.write({
    createRequest: { key: bytes(pods), rangeEnd: end, startRevision: 2, prevKv: true, progressNotify: true },
  });

  await ask(leaseMethods.leaseGrant, { TTL: 3600, ID: 77 });
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await ask(kvMethods.txn, guarded(pods + name, 0, put(pods + name, name)));
  await ask(kvMethods.txn, guarded(`${pods}a`, 0, put(`${pods}a`, 'made twice')));
  await ask(kvMethods.txn, guarded('/registry/events/x', 0, put('/registry/events/x', 'soon gone', 77)));
  // A list in pages: of one revision, and on from the last key and a zero.
  await ask(kvMethods.range, { key: bytes(pods), rangeEnd: end, limit: 2 });
  for (const last of ['b', 'd'])
    await ask(kvMethods.range, { key: bytes(`${pods}${last}\0`), rangeEnd: end, limit: 2, revision: 6 });
  await ask(kvMethods.range, { key: bytes(pods), rangeEnd: end, countOnly: true });
  // Guarded by what was read: one that is right, one that is late.
  await ask(kvMethods.txn, guarded(`${pods}b`, 3, put(`${pods}b`, 'b again')));
  await ask(kvMethods.txn, guarded(`${pods}b`, 3, put(`${pods}b`, 'late')));
  await ask(kvMethods.txn, guarded(`${pods}c`, 3, gone(`${pods}c`)));
  await ask(kvMethods.txn, guarded(`${pods}c`, 4, gone(`${pods}c`)));
  // Its compactions: whoever is first at this version of the key compacts.
  for (let at = 0; at < 2; at += 1)
    await ask(kvMethods.txn, {
      compare: [{ key: bytes('compact_rev_key'), target: version, result: equal, version: 0 }],
      success: [put('compact_rev_key', '7')],
      failure: [get('compact_rev_key')],
    });
  await ask(kvMethods.compact, { revision: 7 });
  await ask(kvMethods.range, { key: bytes(`${pods}d\0`), rangeEnd: end, limit: 2, revision: 6 });
  await ask(leaseMethods.leaseRevoke, { ID: 77 });
  await ask(kvMethods.range, { key: bytes('/registry/events/x') });
  watch.write({ progressRequest: {} });
  while (!JSON.stringify(heard.at(-1) ?? '').includes('"watchId":"-1"') && !isProgress(heard.at(-1)))
    await once(watch, 'data');
  return [...said, eventsOf(heard)];
}

const isProgress = (answer: unknown): boolean => {
  const { events = [], created } = (answer ?? {}) as { events?: unknown[]; created?: boolean };
  return events.length === 0 && created !== true;
};

/** However they were put together. */
const eventsOf = (heard: readonly unknown[]): unknown[] =>
  heard.flatMap((answer) => (answer as { events?: unknown[] }).events ?? []);

judge('etcd').test('what an API server of Kubernetes asks comes to the same on ours and on etcd', async (t) => {
  const { theirs, ours } = await startBoth(t);
  const [expected, actual] = await Promise.all([asApiServer(t, theirs), asApiServer(t, ours)]);
  t.true(expected.length > 20);
  t.true(JSON.stringify(expected.at(-1)).length > 500, 'events came');
  t.deepEqual(actual, expected);
});
