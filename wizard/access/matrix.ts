import { type Access, userRights } from './access.js';
import { covers, type Interval, minus } from './intervals.js';
import { type Rights, rightsOf } from './rights.js';

/** `part`: some of the keys. */
export type Extent = 'none' | 'part' | 'all';

export interface MatrixRow {
  readonly user: string;
  readonly roles: readonly string[];
  readonly rights: Rights;
  /** For each range of the matrix. */
  readonly cells: readonly { readonly read: Extent; readonly write: Extent }[];
}

export interface Matrix {
  /** Those that permissions are granted on, in the order of keys. */
  readonly ranges: readonly Interval[];
  readonly rows: readonly MatrixRow[];
}

export function accessMatrix(access: Access): Matrix {
  const granted = [...access.roles.values()].flatMap((permissions) =>
    permissions.flatMap((permission) => rightsOf([{ ...permission, access: 'readwrite' }]).read),
  );
  const ranges = [...new Map(granted.map((interval) => [JSON.stringify(interval), interval])).values()].sort((a, b) =>
    a.from < b.from ? -1 : a.from > b.from ? 1 : 0,
  );
  const rows = [...access.users].sort().map(([user, roles]) => {
    const rights = userRights(access, user);
    const cells = ranges.map((range) => ({ read: extent(rights.read, range), write: extent(rights.write, range) }));
    return { user, roles, rights, cells };
  });
  return { ranges, rows };
}

function extent(rights: Rights['read'], range: Interval): Extent {
  if (covers(rights, [range])) return 'all';
  return covers(minus([range], rights), [range]) ? 'none' : 'part';
}
