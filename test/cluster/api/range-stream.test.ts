import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { put } from '../../../cluster/client/operations.js';
import { noMember, revision } from '../../../cluster/numbers.js';
import type { etcdserverpb } from '../../../cluster/wire/generated/messages.js';
import { toCount } from '../../../cluster/wire/long.js';
import { kvMethods } from '../../../cluster/wire/services.js';
import { startMember, type TestMember } from './member.js';

// conformance: KV.RangeStream{*}

const { path, requestSerialize, responseDeserialize } = kvMethods.rangeStream;
const everything = { key: Buffer.of(0), rangeEnd: Buffer.of(0) };

type Request = etcdserverpb.RangeRequest.$Properties;
type Chunk = etcdserverpb.RangeResponse.$Properties;

/** The chunks of a range, and how it ended; `between` runs after each. */
async function ranged(
  t: ExecutionContext,
  { endpoint }: TestMember,
  request: Request,
  between: () => Promise<unknown> = async () => {},
): Promise<{ chunks: Chunk[]; end: string }> {
  const client = new Client(endpoint.replace('http://', ''), credentials.createInsecure());
  t.teardown(() => client.close());
  const serialize = requestSerialize as (request: Request) => Buffer;
  const stream = client.makeServerStreamRequest(path, serialize, responseDeserialize, request);
  const chunks: Chunk[] = [];
  try {
    for await (const { rangeResponse } of stream) {
      chunks.push(rangeResponse as Chunk);
      await between();
    }
    return { chunks, end: 'OK' };
  } catch (error) {
    const { code, details } = error as ServiceError;
    return { chunks, end: `${status[code]} ${details}` };
  }
}

const keysOf = (chunks: readonly Chunk[]): string[] =>
  chunks.flatMap(({ kvs }) => (kvs ?? []).map(({ key }) => `${key}`));
const key = (n: number): string => `k${String(n).padStart(4, '0')}`;

/** With `count` keys, put a hundred at a time. */
async function filled(t: ExecutionContext, count: number, value = 'v'): Promise<TestMember> {
  const member = await startMember(t);
  for (let from = 0; from < count; from += 100) {
    const success = Array.from({ length: Math.min(100, count - from) }, (_, n) => put(key(from + n), value));
    await member.client().txn({ success });
  }
  return member;
}

test('a range comes in chunks that grow, and the last one says as of when, and how many there are', async (t) => {
  const { chunks, end } = await ranged(t, await filled(t, 500), everything);
  t.is(end, 'OK');
  t.deepEqual(
    keysOf(chunks),
    Array.from({ length: 500 }, (_, n) => key(n)),
  );
  t.deepEqual(
    chunks.map(({ kvs }) => kvs?.length),
    [10, 20, 40, 80, 160, 190],
  );
  for (const { header, count, more } of chunks.slice(0, -1))
    t.deepEqual([header, toCount(count), more], [null, 0, false]);
  const last = chunks.at(-1);
  t.deepEqual([toCount(last?.header?.revision), toCount(last?.header?.raftTerm), toCount(last?.count)], [6, 2, 500]);
});

test('what changes meanwhile is not in it', async (t) => {
  const member = await filled(t, 300, 'x'.repeat(4000));
  const client = member.client();
  let n = 0;
  const { chunks } = await ranged(t, member, everything, async () => {
    n += 1;
    await client.put(key(300 - n), 'changed');
    await client.delete(key(299 - 10 * n));
    await client.put(`new ${n}`, 'new');
  });
  t.true(n > 3);
  t.is(keysOf(chunks).length, 300);
  t.true(chunks.every(({ kvs }) => kvs?.every(({ value }) => value?.length === 4000)));
  t.deepEqual([toCount(chunks.at(-1)?.header?.revision), toCount(chunks.at(-1)?.count)], [4, 300]);
});

test('chunks are no larger than a few large values', async (t) => {
  const member = await startMember(t);
  for (let n = 0; n < 24; n++) await member.client().put(key(n), 'x'.repeat(400_000));
  const { chunks } = await ranged(t, member, everything);
  t.deepEqual(
    chunks.map(({ kvs }) => kvs?.length),
    [10, 5, 5, 4],
  );
});

test('a limit is kept, with more to come and all of them counted', async (t) => {
  const { chunks } = await ranged(t, await filled(t, 100), { ...everything, limit: 25 });
  t.deepEqual(
    keysOf(chunks),
    Array.from({ length: 25 }, (_, n) => key(n)),
  );
  t.like(chunks.at(-1), { more: true });
  t.is(toCount(chunks.at(-1)?.count), 100);
});

test('a count, keys only, the past, one key and none are asked for as of Range', async (t) => {
  const member = await filled(t, 20);
  await member.client().delete({ key: Buffer.of(0), end: Buffer.of(0) });
  const at = { ...everything, revision: 2 };
  const { chunks: counted } = await ranged(t, member, { ...at, countOnly: true });
  t.deepEqual([counted.length, toCount(counted[0]?.count), toCount(counted[0]?.header?.revision)], [1, 20, 3]);
  const { chunks: keys } = await ranged(t, member, { ...at, keysOnly: true });
  t.is(keysOf(keys).length, 20);
  t.true(keys.every(({ kvs }) => kvs?.every(({ value }) => value?.length === 0)));
  t.deepEqual(keysOf((await ranged(t, member, { key: Buffer.from(key(3)), revision: 2 })).chunks), [key(3)]);
  const { chunks: none } = await ranged(t, member, everything);
  t.deepEqual([none.length, keysOf(none), toCount(none[0]?.header?.revision)], [1, [], 3]);
});

const refused: readonly (readonly [what: string, request: Request, end: string])[] = [
  ['no key', {}, 'INVALID_ARGUMENT etcdserver: key is not provided'],
  ['an order', { ...everything, sortOrder: 2 }, 'UNIMPLEMENTED RangeStream does not support custom sort orders'],
  [
    'an order of values',
    { ...everything, sortOrder: 1, sortTarget: 4 },
    'UNIMPLEMENTED RangeStream does not support custom sort orders',
  ],
  ['a filter', { ...everything, maxCreateRevision: 3 }, 'UNIMPLEMENTED RangeStream does not support revision filters'],
  [
    'the future',
    { ...everything, revision: 99 },
    'OUT_OF_RANGE etcdserver: mvcc: required revision is a future revision',
  ],
];

for (const [what, request, end] of refused) {
  test(`a range with ${what} is refused as a stream`, async (t) => {
    t.deepEqual(await ranged(t, await startMember(t), request), { chunks: [], end });
  });
}

test('a target without an order, and ascending keys, are no order of their own', async (t) => {
  const member = await filled(t, 3);
  for (const order of [{ sortTarget: 4 }, { sortOrder: 1 }]) {
    t.deepEqual(keysOf((await ranged(t, member, { ...everything, ...order })).chunks), [0, 1, 2].map(key));
  }
});

test('a stream whose revision is compacted meanwhile ends with that', async (t) => {
  const member = await filled(t, 300, 'x'.repeat(4000));
  const client = member.client();
  await client.put('k', 'v');
  let compacted = false;
  const { end } = await ranged(t, member, { ...everything, revision: 4 }, async () => {
    if (!compacted) await client.compact(revision(5));
    compacted = true;
  });
  t.is(end, 'OUT_OF_RANGE etcdserver: mvcc: required revision has been compacted');
});

test('a stream asks who may read, and waits for the cluster unless one member will do', async (t) => {
  const member = await filled(t, 3);
  member.log.leader = noMember;
  t.is((await ranged(t, member, everything)).end, 'UNAVAILABLE etcdserver: no leader');
  t.is((await ranged(t, member, { ...everything, serializable: true })).end, 'OK');
  member.log.leader = member.log.status().memberId;
  const { auth } = member.client();
  await auth.userAdd('root', undefined);
  await auth.userGrantRole('root', 'root');
  await auth.enable();
  t.deepEqual(await ranged(t, member, everything), {
    chunks: [],
    end: 'INVALID_ARGUMENT etcdserver: user name is empty',
  });
});
