import type { ClusterErrorCode } from '../../../cluster/errors.js';
import { revision } from '../../../cluster/numbers.js';
import type { Action } from '../../../cluster/operations/action.js';
import type { DeleteRange, Put, Txn } from '../../../cluster/operations/kv.js';
import { addRole, addUser, grant as grantRole, permit, withRoot } from '../auth/operations.js';
import { compare, inside, put, range, remove, txn } from './kv-words.js';

/** Gives user ann read-write on [b, d), read on [d, f) and write on x. */
export const annsGrants = [
  addRole('app'),
  permit('app', 'readwrite', 'b', 'd'),
  permit('app', 'read', 'd', 'f'),
  permit('app', 'write', 'x'),
  addUser('ann'),
  grantRole('ann', 'app'),
  ...withRoot,
];

interface Grant<A extends Action> {
  /** What ann does, or does not. */
  readonly title: string;
  readonly action: A;
  readonly expected: ClusterErrorCode | 'allowed';
}

const grant = <A extends Action>(title: string, action: A, expected: Grant<A>['expected']): Grant<A> => ({
  title,
  action,
  expected,
});

/** Our own rules and, as far as it is installed, a real etcd are held against these. */
export const grants: readonly Grant<Put | DeleteRange | Txn>[] = [
  grant('puts where writable', put('b'), 'allowed'),
  grant('puts not where only readable', put('d'), 'permission-denied'),
  grant('asks a put for what was there where readable', put('b', true), 'allowed'),
  grant('asks a put for what was there not where only writable', put('x', true), 'permission-denied'),
  grant('puts where only writable', put('x'), 'allowed'),
  grant('deletes where writable', remove('b', 'd'), 'allowed'),
  grant('deletes not beyond', remove('b', 'd\0'), 'permission-denied'),
  grant('deletes not from a key on', remove('b', '\0'), 'permission-denied'),
  grant('asks a delete for what was there not where only writable', remove('x', undefined, true), 'permission-denied'),
  grant('asks a delete for what was there where readable', remove('b', 'd', true), 'allowed'),
  grant('reads in a transaction over both readable ranges', txn({ success: [range('b', 'f')] }), 'allowed'),
  grant('reads in a transaction not beyond', txn({ failure: [range('b', 'g')] }), 'permission-denied'),
  grant('compares where readable', txn({ compare: [compare('e')] }), 'allowed'),
  grant('compares not where only writable', txn({ compare: [compare('x')] }), 'permission-denied'),
  grant('compares not a range beyond', txn({ compare: [compare('b', '\0')] }), 'permission-denied'),
  grant(
    'takes no transaction for one bad branch',
    txn({ success: [put('b')], failure: [put('a')] }),
    'permission-denied',
  ),
];

/** Open in etcd 3.4.23, closed in later versions. */
export const holes: readonly Grant<Action>[] = [
  grant('compacts not', { kind: 'compact', revision: revision(1) }, 'permission-denied'),

  ...[1, 2, 5].flatMap((levels) => {
    const where = `${levels} transactions deep`;
    return [
      grant(`CVE-2026-33343: puts not ${where}`, inside(levels, put('a')), 'permission-denied'),
      grant(`CVE-2026-33343: deletes not ${where}`, inside(levels, remove('a')), 'permission-denied'),
      grant(`CVE-2026-33343: reads not ${where}`, inside(levels, range('a')), 'permission-denied'),
      grant(
        `CVE-2026-33343: compares not ${where}`,
        inside(levels, txn({ compare: [compare('a')] })),
        'permission-denied',
      ),
      grant(`CVE-2026-33343: does what is allowed ${where}`, inside(levels, put('b')), 'allowed'),
    ];
  }),
  grant(
    'CVE-2026-44283: a put in a transaction tells not what was there',
    txn({ success: [put('x', true)] }),
    'permission-denied',
  ),
  grant('CVE-2026-44283: nor one in a nested transaction', inside(2, put('x', true)), 'permission-denied'),
  grant('CVE-2026-44283: nor does a delete', inside(1, remove('x', undefined, true)), 'permission-denied'),
];
