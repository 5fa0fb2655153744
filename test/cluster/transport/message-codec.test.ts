import test from 'ava';
import fc from 'fast-check';
import { ClusterError } from '../../../cluster/errors.js';
import { index, memberId, term } from '../../../cluster/numbers.js';
import type { Message } from '../../../cluster/raft/types.js';
import { decodeBatch, encodeBatch } from '../../../cluster/transport/message-codec.js';

const from = memberId(0xfedc_ba98_7654_3210n);
const to = memberId(2n);
const envelope = { from, to };

const number = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.maxSafeNat());
const anyTerm = number.map(term);
const anyIndex = number.map(index);
const anyId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(memberId);
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const ids = fc.array(anyId, { maxLength: 4 });
const membership = fc.record({ voters: ids, outgoing: ids, learners: ids });
const mark = fc.record({ index: anyIndex, term: anyTerm, membership });
const entryKind = fc.constantFrom('command' as const, 'empty' as const, 'membership' as const);

const append = fc
  .record({
    term: anyTerm,
    prevIndex: fc.nat().map(index),
    prevTerm: anyTerm,
    commit: anyIndex,
    entries: fc.array(fc.record({ term: anyTerm, kind: entryKind, data: bytes }), { maxLength: 5 }),
  })
  .map(
    ({ entries, prevIndex, ...rest }): Message => ({
      ...envelope,
      ...rest,
      kind: 'append',
      prevIndex,
      entries: entries.map((entry, at) => ({ ...entry, index: index(prevIndex + 1 + at) })),
    }),
  );

const simple = <Fields>(kind: Message['kind'], fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) =>
  fc.record({ term: anyTerm, ...fields }).map((own) => ({ ...envelope, kind, ...own }) as unknown as Message);

const anyBoolean = fc.boolean();
const vote = { lastIndex: anyIndex, lastTerm: anyTerm, transfer: anyBoolean };
const message: fc.Arbitrary<Message> = fc.oneof(
  append,
  simple('append-reply', { rejected: anyBoolean, index: anyIndex, hintIndex: anyIndex, hintTerm: anyTerm }),
  simple('commit', { lastIndex: anyIndex, lastTerm: anyTerm }),
  simple('heartbeat', { commit: anyIndex, context: number }),
  simple('heartbeat-reply', { context: number }),
  simple('vote', vote),
  simple('pre-vote', vote),
  simple('vote-reply', { rejected: anyBoolean, commit: anyIndex, commitTerm: anyTerm }),
  simple('pre-vote-reply', { rejected: anyBoolean, commit: anyIndex, commitTerm: anyTerm }),
  simple('snapshot', { mark }),
  simple('timeout-now', {}),
  simple('propose', { data: fc.array(bytes, { maxLength: 3 }) }),
  simple('propose-membership', { data: bytes }),
  simple('read-index', { context: number }),
  simple('read-index-reply', { context: number, index: anyIndex }),
  simple('transfer-leader', { transferee: anyId }),
);

test('every message survives the wire as it was', (t) => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), (messages) => {
      t.deepEqual(decodeBatch(encodeBatch(messages), from, to), messages);
    }),
  );
});

test("entries' data are views of what was received, not copies", (t) => {
  const entry = { index: index(1), term: term(1), kind: 'command', data: Buffer.alloc(1000, 7) } as const;
  const batch = encodeBatch([
    {
      ...envelope,
      kind: 'append',
      term: term(1),
      prevIndex: index(0),
      prevTerm: term(0),
      commit: index(0),
      entries: [entry],
    },
  ]);
  const [decoded] = decodeBatch(batch, from, to);
  t.is(decoded?.kind === 'append' && decoded.entries[0]?.data.buffer, batch.buffer);
});

test('what is no batch is refused, and so are kinds of a later version', (t) => {
  const refused = (hex: string) =>
    t.throws(() => decodeBatch(Buffer.from(hex, 'hex'), from, to), { instanceOf: ClusterError })?.code;
  t.is(refused('0a'), 'invalid-argument');
  t.is(refused('0affffffff0f'), 'invalid-argument');
  t.is(refused('0a020863'), 'invalid-argument');
  t.is(refused('0a042a021063'), 'invalid-argument');
});
