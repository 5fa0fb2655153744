import test from 'ava';
import fc from 'fast-check';
import { leaseId, noLease, revision } from '../../../cluster/numbers.js';
import {
  decodeHead,
  decodeRecord,
  decodeVersion,
  encodeHead,
  encodeRecord,
  type Head,
  type Place,
  type Record,
  valueOfRecord,
} from '../../../cluster/store/records.js';

const number = fc.oneof(fc.nat({ max: 300 }), fc.nat(), fc.maxSafeNat());
const place: fc.Arbitrary<Place> = fc.record({ main: number.map(revision), sub: fc.nat() });
const lease = fc.oneof(fc.constant(noLease), fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(leaseId));
const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(20_000))).map(Buffer.from);

/** A place, and one that is not after it. */
const inOrder = fc.tuple(place, place).map(([a, b]): readonly [Place, Place] => (a.main <= b.main ? [a, b] : [b, a]));

const later: fc.Arbitrary<Head> = fc
  .record({
    places: inOrder,
    live: fc.boolean(),
    version: number,
    depth: fc.nat(),
    lease,
    age: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ places: [root, mod], age, ...rest }) => ({
    ...rest,
    mod,
    root,
    create: revision(Math.floor(mod.main * age)),
  }));
const first: fc.Arbitrary<Head> = fc
  .record({ mod: place, lease })
  .map(({ mod, lease }) => ({ live: true, mod, create: mod.main, version: 1, depth: 0, root: mod, lease }));

const record: fc.Arbitrary<Record> = fc
  .record({ tombstone: fc.boolean(), key: bytes, value: bytes, create: number.map(revision), version: number, lease })
  .chain((fields) =>
    fc.oneof(
      fc.constant({ ...fields, before: undefined, depth: 0, root: undefined }),
      fc.record({ before: place, depth: fc.nat(), root: place }).map((link) => ({ ...fields, ...link })),
    ),
  );

test('a head is read as it was written, whole or the part that most reads need', (t) => {
  fc.assert(
    fc.property(fc.oneof(first, later), (head) => {
      const row = encodeHead(head);
      t.deepEqual(decodeHead(row), head);
      const { mod, create, version, lease } = head;
      t.deepEqual(decodeVersion(row), { mod, create, version, lease });
    }),
  );
});

test('a record is read as it was written, whole or its value alone', (t) => {
  fc.assert(
    fc.property(record, (written) => {
      const row = encodeRecord(written);
      t.deepEqual(decodeRecord(row), written);
      t.deepEqual(valueOfRecord(row), written.value);
    }),
  );
});

test('the head of a new key in a store of a million revisions takes five bytes', (t) => {
  const mod = { main: revision(1_000_000), sub: 0 };
  t.is(encodeHead({ live: true, mod, create: mod.main, version: 1, depth: 0, root: mod, lease: noLease }).length, 5);
});
