// Where the keys of an interval lie in the key tree (key-tree.ts): pure arithmetic on bytes.

/**
 * A segment's length. LMDB would take more, but its branch pages hold whole keys: this gives them a fan-out of at least
 * four, and a key of 1.5 MiB some 1,600 segments.
 */
export const segmentBytes = 960;

/** from <= key < to; absent: no bound. */
export interface Bounds {
  readonly from?: Uint8Array;
  readonly to?: Uint8Array;
}

export interface Directory {
  /** How many segments lead here. */
  readonly depth: number;
  /** What its rows start with. */
  readonly tag: Uint8Array;
}

export const root: Directory = { depth: 0, tag: new Uint8Array([0]) };

const zero = new Uint8Array(1);

export function rowKey({ tag }: Directory, segment: Uint8Array, suffix?: Uint8Array): Buffer {
  const row = Buffer.allocUnsafe(tag.length + segment.length + (suffix?.length ?? 0));
  row.set(tag, 0);
  row.set(segment, tag.length);
  if (suffix !== undefined) row.set(suffix, tag.length + segment.length);
  return row;
}

/** `bounds` as they are within the directory whose segment is `segment`, itself at `depth`: cut off what the segment decides. */
export function within(bounds: Bounds, segment: Uint8Array, depth: number): Bounds {
  const { from, to } = bounds;
  const start = depth * segmentBytes;
  return {
    ...(from !== undefined && leadsInto(from, start, segment) ? { from } : {}),
    ...(to !== undefined && leadsInto(to, start, segment) ? { to } : {}),
  };
}

/** The rows of the directory's leaves in the interval. The bounds are whole keys: what comes before the depth fits. */
export function leafBounds(directory: Directory, { from, to }: Bounds): { from: Buffer; to: Buffer } {
  return { from: lowerRow(directory, from, true), to: upperRow(directory, to) };
}

/** The rows of the directories in it that may hold keys of the interval. */
export function directoryBounds(directory: Directory, { from, to }: Bounds): { from: Buffer; to: Buffer } {
  return { from: lowerRow(directory, from, false), to: upperRow(directory, to) };
}

const leadsInto = (bound: Uint8Array, start: number, segment: Uint8Array): boolean =>
  bound.length > start + segmentBytes && Buffer.compare(bound.subarray(start, start + segmentBytes), segment) === 0;

/** A bound that goes on below this directory leaves out the leaf of its own segment, which is shorter and so smaller. */
function lowerRow(directory: Directory, from: Uint8Array | undefined, leaves: boolean): Buffer {
  const rest = restOf(directory, from);
  return rest.length <= segmentBytes
    ? rowKey(directory, rest)
    : rowKey(directory, rest.subarray(0, segmentBytes), leaves ? zero : undefined);
}

function upperRow(directory: Directory, to: Uint8Array | undefined): Buffer {
  if (to === undefined) return afterTag(directory);
  const rest = restOf(directory, to);
  return rest.length <= segmentBytes
    ? rowKey(directory, rest)
    : rowKey(directory, rest.subarray(0, segmentBytes), zero);
}

const restOf = ({ depth }: Directory, bound: Uint8Array | undefined): Uint8Array =>
  bound === undefined ? zero.subarray(1) : bound.subarray(depth * segmentBytes);

/** The first row after all that start with the tag: the tag plus one. */
function afterTag({ tag }: Directory): Buffer {
  const next = Buffer.from(tag);
  for (let n = next.length - 1; n >= 0; n--) {
    const byte = next[n] ?? 0;
    next[n] = (byte + 1) & 0xff;
    if (byte < 0xff) break;
  }
  return next;
}
