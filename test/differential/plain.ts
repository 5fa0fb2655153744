import Long from 'long';

// Messages as plain values that two servers' can be compared by.

/** Ids and terms differ from cluster to cluster; tokens are drawn. */
const ownToEach = new Set(['clusterId', 'memberId', 'raftTerm', 'token']);
/** Revisions go by the one that the sequence began at. */
const revisions = new Set(['revision', 'createRevision', 'modRevision', 'compactRevision']);

const isDefault = (value: unknown): boolean =>
  value === undefined || value === null || value === 0 || value === false || value === '' || isEmptyList(value);
const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Rounded: seconds pass between one server's answer and the other's. */
const timeLeft = (seconds: number): number => (seconds > 10 ? Math.round(seconds / 50) * 50 : seconds);

/** A real etcd lists leases by the time they have left, on a follower in no order, and a lease's keys in no order ever. */
const unordered = new Set(['leases', 'keys']);

function fieldOf(name: string, field: unknown): unknown {
  if (name === 'TTL') return timeLeft(Number(field));
  const value = plain(field);
  return unordered.has(name) && Array.isArray(value) ? value.toSorted(byText) : value;
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Without fields that have their default, which servers may write or leave out; bytes as text, 64-bit numbers as numbers. */
export function plain(value: unknown): unknown {
  if (Long.isLong(value)) return value.toNumber();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .filter(([name]) => !ownToEach.has(name))
    .map(([name, field]) => [name, fieldOf(name, field)] as const)
    .filter(([, field]) => !isDefault(field))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields);
}

/** Revisions counted from `base`. */
export function relative(value: unknown, base: number): unknown {
  if (Array.isArray(value)) return value.map((each) => relative(each, base));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      revisions.has(name) && typeof field === 'number' ? field - base : relative(field, base),
    ]),
  );
}
