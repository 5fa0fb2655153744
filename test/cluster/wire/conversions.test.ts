import test from 'ava';
import fc from 'fast-check';
import { ClusterError, type ClusterErrorCode } from '../../../cluster/errors.js';
import { leaseId, revision } from '../../../cluster/numbers.js';
import type { Compare, KeyValue, Operation, OperationResult, Txn } from '../../../cluster/operations/kv.js';
import { etcdserverpb } from '../../../cluster/wire/generated/messages.js';
import { permissionMessage, permissionOf } from '../../../cluster/wire/permissions.js';
import { txnMessage, txnOf } from '../../../cluster/wire/requests.js';
import { txnResponse, txnResultOf } from '../../../cluster/wire/responses.js';

const bytes = fc.uint8Array({ maxLength: 8 }).map((value) => Buffer.from(value));
const end = fc.option(fc.uint8Array({ minLength: 1, maxLength: 8 }), { nil: undefined });
const keyRange = fc
  .record({ key: bytes, end })
  .map(({ key, end }) => (end === undefined ? { key } : { key, end: Buffer.from(end) }));
const revisions = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }).map(revision);
const counts = fc.nat();
const leases = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(leaseId);

const range = fc
  .record({
    kind: fc.constant('range' as const),
    limit: counts,
    revision: revisions,
    order: fc.constantFrom('none' as const, 'ascend' as const, 'descend' as const),
    target: fc.constantFrom('key' as const, 'version' as const, 'create' as const, 'mod' as const, 'value' as const),
    serializable: fc.boolean(),
    keysOnly: fc.boolean(),
    countOnly: fc.boolean(),
    minModRevision: revisions,
    maxModRevision: revisions,
    minCreateRevision: revisions,
    maxCreateRevision: revisions,
  })
  .chain((rest) => keyRange.map((keys) => ({ ...rest, ...keys })));
const put = fc.record({
  kind: fc.constant('put' as const),
  key: bytes,
  value: bytes,
  lease: leases,
  prevKv: fc.boolean(),
  ignoreValue: fc.boolean(),
  ignoreLease: fc.boolean(),
});
const deleteRange = fc
  .tuple(keyRange, fc.boolean())
  .map(([keys, prevKv]) => ({ kind: 'delete-range' as const, ...keys, prevKv }));
const against: fc.Arbitrary<Compare['against']> = fc.oneof(
  fc.record({
    target: fc.constantFrom('version' as const, 'create' as const, 'mod' as const),
    number: counts,
  }),
  fc.record({ target: fc.constant('lease' as const), lease: leases }),
  fc.record({ target: fc.constant('value' as const), value: bytes }),
);
const compare: fc.Arbitrary<Compare> = fc
  .tuple(
    keyRange,
    fc.constantFrom('equal' as const, 'greater' as const, 'less' as const, 'not-equal' as const),
    against,
  )
  .map(([keys, result, against]) => ({ ...keys, result, against }));
const { txn } = fc.letrec<{ txn: Txn; operation: Operation }>((tie) => ({
  operation: fc.oneof({ maxDepth: 2 }, range, put, deleteRange, tie('txn')),
  txn: fc.record({
    kind: fc.constant('txn' as const),
    compare: fc.array(compare, { maxLength: 3 }),
    success: fc.array(tie('operation'), { maxLength: 3 }),
    failure: fc.array(tie('operation'), { maxLength: 3 }),
  }),
}));

test('any transaction comes back from the wire as it was', (t) => {
  fc.assert(
    fc.property(txn, (given) => {
      const wire = etcdserverpb.TxnRequest.encode(txnMessage(given)).finish();
      t.deepEqual(txnOf(etcdserverpb.TxnRequest.decode(wire)), given);
    }),
    { seed: 1, numRuns: 300 },
  );
});

const kv: KeyValue = {
  key: Buffer.from('k'),
  value: Buffer.from([0, 255]),
  createRevision: revision(2),
  modRevision: revision(2 ** 40),
  version: 3,
  lease: leaseId(2n ** 62n + 1n),
};
const results: readonly OperationResult[] = [
  { kind: 'range', kvs: [kv, kv], more: true, count: 9 },
  { kind: 'put' },
  { kind: 'put', prevKv: kv },
  { kind: 'delete-range', deleted: 2, prevKvs: [kv] },
  { kind: 'txn', succeeded: false, results: [] },
];

test('the answers of a transaction come back from the wire as they were', (t) => {
  const given = { kind: 'txn', succeeded: true, results } as const;
  const wire = etcdserverpb.TxnResponse.encode(txnResponse(given, { revision: 5 })).finish();
  t.deepEqual(txnResultOf(etcdserverpb.TxnResponse.decode(wire)), given);
});

test('a permission comes back as it was, its empty end left out', (t) => {
  for (const access of ['read', 'write', 'readwrite'] as const) {
    const permission = { key: Buffer.from('a'), access };
    t.deepEqual(permissionOf(permissionMessage(permission)), permission);
    t.deepEqual(permissionOf({ ...permissionMessage(permission), rangeEnd: new Uint8Array() }), permission);
  }
});

// As numbers: the enums' types would rule out what only the wire can bring.
const [three, four, five]: readonly [number, number, number] = [3, 4, 5];
const refused: readonly (readonly [what: string, code: ClusterErrorCode, read: () => unknown])[] = [
  ['a sort order', 'invalid-sort-option', () => txnOf({ success: [{ requestRange: { sortOrder: three } }] })],
  ['a sort target', 'invalid-sort-option', () => txnOf({ success: [{ requestRange: { sortTarget: five } }] })],
  ['an operation', 'key-not-found', () => txnOf({ failure: [{}] })],
  ['a result of a compare', 'invalid-argument', () => txnOf({ compare: [{ result: four }] })],
  ['a target of a compare', 'invalid-argument', () => txnOf({ compare: [{ target: five }] })],
  ['a permission type', 'invalid-argument', () => permissionOf({ permType: three })],
];

for (const [what, code, read] of refused) {
  test(`${what} that is unknown is refused as ${code}`, (t) => {
    t.is(t.throws(read, { instanceOf: ClusterError })?.code, code);
  });
}
