import test from 'ava';
import fc from 'fast-check';
import { decodeCommand, encodeCommand } from '../../../cluster/apply/command.js';
import { authRevision, index, leaseId, memberId, revision, term } from '../../../cluster/numbers.js';
import type { Action } from '../../../cluster/operations/action.js';
import type { Access } from '../../../cluster/operations/auth.js';

const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const flag = fc.boolean();
const count = fc.nat().map(revision);
const lease = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(leaseId);
const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(memberId);
const keyRange = fc.record(
  { key: bytes, end: fc.uint8Array({ minLength: 1, maxLength: 40 }) },
  { requiredKeys: ['key'], noNullPrototype: true },
);
const just = <const T>(value: T) => fc.constant(value);

const put = fc.record({
  kind: just('put'),
  key: bytes,
  value: bytes,
  lease,
  prevKv: flag,
  ignoreValue: flag,
  ignoreLease: flag,
});
const deleteRange = fc
  .tuple(keyRange, flag)
  .map(([range, prevKv]) => ({ kind: 'delete-range', ...range, prevKv }) as const);
const range = fc
  .tuple(
    keyRange,
    fc.record({ limit: fc.nat(), revision: count, minModRevision: count, maxCreateRevision: count }),
    flag,
  )
  .map(([keys, bounds, keysOnly]) => {
    const rest = { order: 'descend', target: 'mod', serializable: false, countOnly: false } as const;
    const zero = revision(0);
    return {
      kind: 'range',
      ...keys,
      ...rest,
      keysOnly,
      maxModRevision: zero,
      minCreateRevision: zero,
      ...bounds,
    } as const;
  });
const against = fc.oneof(
  fc.record({ target: fc.constantFrom('version' as const, 'create' as const, 'mod' as const), number: fc.nat() }),
  fc.record({ target: just('lease'), lease }),
  fc.record({ target: just('value'), value: bytes }),
);
const compare = fc
  .tuple(
    keyRange,
    fc.constantFrom('equal' as const, 'greater' as const, 'less' as const, 'not-equal' as const),
    against,
  )
  .map(([keys, result, value]) => ({ ...keys, result, against: value }));
const flatTxn = fc.record({
  kind: just('txn'),
  compare: fc.array(compare, { maxLength: 3 }),
  success: fc.array(fc.oneof(put, deleteRange, range), { maxLength: 3 }),
  failure: fc.array(fc.oneof(put, deleteRange, range), { maxLength: 3 }),
});
const txn = fc.tuple(flatTxn, flatTxn).map(([outer, inner]) => ({ ...outer, failure: [...outer.failure, inner] }));

const permission = fc
  .tuple(keyRange, fc.constantFrom<Access>('read', 'write', 'readwrite'))
  .map(([keys, access]) => ({ ...keys, access }));
const oneUser = { user: text };
const withPassword = { ...oneUser, passwordHash: text, noPassword: flag };
const userAndRole = { ...oneUser, role: text };
const declaration = fc.record({
  roles: fc.array(fc.record({ name: text, permissions: fc.array(permission, { maxLength: 3 }) }), { maxLength: 3 }),
  users: fc.array(fc.record({ name: text, roles: fc.array(text, { maxLength: 3 }), passwordHash: text }), {
    maxLength: 3,
  }),
  enable: flag,
});

const someTerm = fc.integer({ min: 1 }).map(term);

const action: fc.Arbitrary<Action> = fc.oneof(
  put,
  deleteRange,
  txn,
  fc.record({ kind: just('compact'), revision: count }),
  fc.record({ kind: just('compact'), revision: count, own: fc.constant(true as const) }),
  fc.record({ kind: fc.constantFrom('auth-enable' as const, 'auth-disable' as const) }),
  fc.record({ kind: fc.constantFrom('user-add' as const, 'user-change-password' as const), ...withPassword }),
  fc.record({ kind: just('user-delete'), ...oneUser }),
  fc.record({ kind: fc.constantFrom('user-grant-role' as const, 'user-revoke-role' as const), ...userAndRole }),
  fc.record({ kind: fc.constantFrom('role-add' as const, 'role-delete' as const), role: text }),
  fc.record({ kind: just('role-grant-permission'), role: text, permission }),
  fc.tuple(text, keyRange).map(([role, keys]) => ({ kind: 'role-revoke-permission', role, ...keys }) as const),
  fc.record({ kind: just('authenticate'), user: text, token: text }),
  fc.record({ kind: just('bootstrap'), access: fc.option(declaration, { nil: undefined }) }),
  fc.record({ kind: just('lease-grant'), id: lease, seconds: fc.integer() }),
  fc.record({ kind: just('lease-revoke'), id: lease }),
  fc.record({ kind: just('lease-expire'), ids: fc.array(lease, { maxLength: 3 }), term: someTerm }),
  fc.record({
    kind: just('lease-checkpoint'),
    leases: fc.array(fc.record({ id: lease, seconds: fc.nat() }), { maxLength: 3 }),
    term: someTerm,
  }),
  fc.record({
    kind: just('alarm'),
    change: fc.constantFrom('raise' as const, 'activate' as const, 'disarm' as const),
    member: id,
    alarm: fc.constantFrom('no-space' as const, 'corrupt' as const),
  }),
  fc.record({ kind: just('downgrade'), target: fc.option(fc.constant('3.5.0'), { nil: undefined }) }),
  fc.record({ kind: just('member-attributes'), id, name: text, clientUrls: fc.array(text, { maxLength: 3 }) }),
);
const caller = fc.option(fc.record({ user: text, authRevision: fc.integer({ min: 1 }).map(authRevision) }), {
  nil: undefined,
});
const proposal = fc.record({ proposer: id, sequence: fc.maxSafeNat() });

test('every command comes back as it went into the log', (t) => {
  fc.assert(
    fc.property(fc.record({ proposal, caller, action }, { noNullPrototype: true }), (command) => {
      const read = decodeCommand(Uint8Array.from(encodeCommand(command)), index(1));
      t.deepEqual(plain(read), plain(command));
    }),
    { numRuns: 500 },
  );
});

/** The same without prototypes, which are of no interest. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
};

const compact: Action = { kind: 'compact', revision: revision(7) };
const encoded = encodeCommand({
  proposal: { proposer: memberId(1n), sequence: 1 },
  caller: undefined,
  action: compact,
});

test('an entry that holds no command stops the member, and says which entry it was', (t) => {
  const damaged = [
    new Uint8Array(),
    Buffer.from('garbage'),
    encoded.subarray(0, encoded.length - 1),
    Buffer.of(0x4a, 0),
  ];
  for (const data of damaged) {
    t.throws(() => decodeCommand(data, index(42)), {
      name: 'AssertionError',
      message: /^entry 42 \(\d+ bytes\) holds no command: /,
    });
  }
});

test('transactions nested too deep to be read again are refused before they are proposed', (t) => {
  const nested = (depth: number): Action => {
    let txn: Extract<Action, { kind: 'txn' }> = { kind: 'txn', compare: [], success: [], failure: [] };
    for (let level = 0; level < depth; level++) txn = { ...txn, success: [txn] };
    return txn;
  };
  const command = (depth: number) => ({
    proposal: { proposer: memberId(1n), sequence: 1 },
    caller: undefined,
    action: nested(depth),
  });
  t.throws(() => encodeCommand(command(200)), { code: 'too-many-ops' });
  for (let depth = 0; depth < 60; depth++) {
    try {
      t.deepEqual(decodeCommand(encodeCommand(command(depth)), index(1)).action.kind, 'txn');
    } catch (error) {
      t.like(error, { code: 'too-many-ops' }, `depth ${depth} is refused by the writer, never by the reader`);
    }
  }
});
