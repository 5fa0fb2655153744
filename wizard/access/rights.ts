import { keyRange } from '../plan/permissions.js';
import type { Access, PlanPermission } from '../plan/plan.js';
import { covers, everything, type Interval, type Intervals, type Key, minus, union } from './intervals.js';

/** What somebody may do. */
export interface Rights {
  readonly read: Intervals;
  readonly write: Intervals;
}

/** A permission as the store keeps it, in etcd's convention: `end` absent is the one key, "\0" everything from `key` on. */
export interface Permission {
  readonly access: Access;
  readonly key: Key;
  readonly end?: Key;
}

export const noRights: Rights = { read: [], write: [] };
export const allRights: Rights = { read: everything, write: everything };

export const keyOf = (bytes: Uint8Array): Key => Buffer.from(bytes).toString('latin1');
export const bytesOf = (key: Key): Buffer => Buffer.from(key, 'latin1');

export function permissionOf(permission: PlanPermission): Permission {
  const { key, end } = keyRange(permission);
  return { access: permission.access, key: keyOf(key), ...(end === undefined ? {} : { end: keyOf(end) }) };
}

/** None where the end lies before the start: the store takes such a permission, and it grants nothing. */
export function intervalOf({ key, end }: Omit<Permission, 'access'>): readonly Interval[] {
  if (end === undefined) return [{ from: key, to: `${key}\0` }];
  if (end === '\0') return [{ from: key, to: undefined }];
  return key < end ? [{ from: key, to: end }] : [];
}

export function rightsOf(permissions: Iterable<Permission>): Rights {
  const all = [...permissions];
  const of = (kind: Access): Intervals =>
    union(all.filter(({ access }) => access === kind || access === 'readwrite').flatMap(intervalOf));
  return { read: of('read'), write: of('write') };
}

export const bothOf = (a: Rights, b: Rights): Rights => ({
  read: union([...a.read, ...b.read]),
  write: union([...a.write, ...b.write]),
});

export const rightsWithout = (a: Rights, b: Rights): Rights => ({
  read: minus(a.read, b.read),
  write: minus(a.write, b.write),
});

/** Whether `a` allows all that `b` does. */
export const allows = (a: Rights, b: Rights): boolean => covers(a.read, b.read) && covers(a.write, b.write);

export const sameRights = (a: Rights, b: Rights): boolean => allows(a, b) && allows(b, a);

/** As a store says it, and is told. */
interface StoredPermission {
  readonly access: Permission['access'];
  readonly key: Uint8Array;
  readonly end?: Uint8Array;
}

export const fromStore = ({ access, key, end }: StoredPermission): Permission => ({
  ...{ access, key: keyOf(key) },
  ...(end === undefined ? {} : { end: keyOf(end) }),
});

export const toStore = ({ access, key, end }: Permission): StoredPermission => ({
  ...{ access, key: bytesOf(key) },
  ...(end === undefined ? {} : { end: bytesOf(end) }),
});
