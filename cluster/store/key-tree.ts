import type { KeyRange } from '../operations/kv.js';
import type { RangeOptions, Table, TableSource } from '../tables.js';
import { readNumber, writeNumber } from './records.js';
import {
  type Bounds,
  type Directory,
  directoryBounds,
  leafBounds,
  root,
  rowKey,
  segmentBytes,
  within,
} from './segments.js';

// Keys of any length in tables whose keys are short. A key is a path of segments of `segmentBytes`; all but the last
// name directories, the last (1 to segmentBytes long) is a leaf in the deepest one:
//
//     short key        keys[root + key]
//     A·B·tail         directories[root + A] = 1   directories[1 + B] = 2   keys[2 + tail]
//
// So keys with a long prefix in common share it, and cost what their own bytes cost. Order within a directory: a leaf,
// then the directory of the same bytes (its keys are longer), then whatever is greater.

type Entry = readonly [key: Uint8Array, head: Uint8Array];
type Row = readonly [key: Uint8Array, value: Uint8Array];

interface Level {
  readonly directory: Directory;
  readonly bounds: Bounds;
  readonly leaves: Iterator<Row>;
  readonly children: Iterator<Row>;
  leaf: IteratorResult<Row>;
  child: IteratorResult<Row>;
}

const nextIdKey = Buffer.from('nextDirectory');
const mark = new Uint8Array([1]);

/** The interval that an operation's range means. */
export function boundsOf({ key, end }: KeyRange): Bounds {
  if (end === undefined || end.length === 0) return { from: key, to: Buffer.concat([key, Buffer.alloc(1)]) };
  return end.length === 1 && end[0] === 0 ? { from: key } : { from: key, to: end };
}

/** Heads by key, live or dead. The dead are listed once more so that the live can be counted without a look at each. */
export class KeyTree {
  readonly #keys: Table;
  readonly #dead: Table;
  readonly #directories: Table;
  readonly #meta: Table;
  #flat: boolean;

  constructor(tables: TableSource, meta: Table) {
    this.#keys = tables('keys');
    this.#dead = tables('dead-keys');
    this.#directories = tables('directories');
    this.#meta = meta;
    this.#flat = isEmpty(this.#directories);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const row = this.#row(key);
    return row && this.#keys.get(row);
  }

  /** `wasLive`: as the head that it replaces says; undefined when there is none. */
  put(key: Uint8Array, head: Uint8Array, live: boolean, wasLive: boolean | undefined): void {
    const row = this.#makeRow(key);
    this.#keys.put(row, head);
    if (!live && wasLive !== false) this.#dead.put(row, mark);
    if (live && wasLive === false) this.#dead.delete(row);
  }

  /** Removes a dead key, and the directories that were only there for it. */
  bury(key: Uint8Array): void {
    const path = this.#path(key);
    const leaf = path?.at(-1);
    if (path === undefined || leaf === undefined) return;
    const row = rowKey(leaf, key.subarray(leaf.depth * segmentBytes));
    this.#keys.delete(row);
    this.#dead.delete(row);
    for (let n = path.length - 1; n > 0; n--) {
      const [directory, parent] = [path[n], path[n - 1]];
      if (directory === undefined || parent === undefined || !this.#isBare(directory)) return;
      this.#directories.delete(rowKey(parent, segmentOf(key, parent.depth)));
    }
  }

  /** In order of the keys; lazily, and the tree must not change meanwhile. */
  *range(bounds: Bounds): Generator<Entry> {
    if (this.#flat) {
      for (const [row, head] of this.#keys.range(leafBounds(root, bounds))) yield [row.subarray(root.tag.length), head];
      return;
    }
    const levels = [this.#enter(root, bounds)];
    try {
      yield* walk(levels, (directory, inside) => this.#enter(directory, inside));
    } finally {
      for (const { leaves, children } of levels) {
        leaves.return?.();
        children.return?.();
      }
    }
  }

  /** The live keys. */
  count(bounds: Bounds): number {
    let total = 0;
    const open: [Directory, Bounds][] = [[root, bounds]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [directory, inside] = next;
      const leaves = leafBounds(directory, inside);
      total += countRows(this.#keys, leaves) - countRows(this.#dead, leaves);
      if (this.#flat) break;
      for (const [row, id] of this.#directories.range(directoryBounds(directory, inside))) {
        const segment = row.subarray(directory.tag.length);
        open.push([directoryAt(directory.depth + 1, id), within(inside, segment, directory.depth)]);
      }
    }
    return total;
  }

  #enter(directory: Directory, bounds: Bounds): Level {
    const leaves = this.#keys.range(leafBounds(directory, bounds))[Symbol.iterator]();
    const children = this.#directories.range(directoryBounds(directory, bounds))[Symbol.iterator]();
    return { directory, bounds, leaves, children, leaf: leaves.next(), child: children.next() };
  }

  /** The directories that the key lies in, root first; undefined when one is missing. */
  #path(key: Uint8Array): Directory[] | undefined {
    const path = [root];
    for (let parent = root; key.length > (parent.depth + 1) * segmentBytes; ) {
      const id = this.#directories.get(rowKey(parent, segmentOf(key, parent.depth)));
      if (id === undefined) return undefined;
      parent = directoryAt(parent.depth + 1, id);
      path.push(parent);
    }
    return path;
  }

  #row(key: Uint8Array): Buffer | undefined {
    if (key.length <= segmentBytes) return rowKey(root, key);
    const leaf = this.#path(key)?.at(-1);
    return leaf && rowKey(leaf, key.subarray(leaf.depth * segmentBytes));
  }

  #makeRow(key: Uint8Array): Buffer {
    let parent = root;
    while (key.length > (parent.depth + 1) * segmentBytes) {
      const row = rowKey(parent, segmentOf(key, parent.depth));
      parent = directoryAt(parent.depth + 1, this.#directories.get(row) ?? this.#makeDirectory(row));
    }
    return rowKey(parent, key.subarray(parent.depth * segmentBytes));
  }

  #makeDirectory(row: Uint8Array): Uint8Array {
    const last = this.#meta.get(nextIdKey);
    const id = Buffer.alloc(8);
    writeNumber(id, 1 + (last === undefined ? 0 : readNumber(Buffer.from(last), 0)), 0);
    this.#meta.put(nextIdKey, id);
    this.#directories.put(row, id);
    this.#flat = false;
    return id;
  }

  #isBare(directory: Directory): boolean {
    return isEmpty(this.#keys, leafBounds(directory, {})) && isEmpty(this.#directories, directoryBounds(directory, {}));
  }
}

function* walk(levels: Level[], enter: (directory: Directory, bounds: Bounds) => Level): Generator<Entry> {
  let path = Buffer.alloc(segmentBytes);
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { directory, leaf, child } = level;
    const start = directory.depth * segmentBytes;
    const tag = directory.tag.length;
    if (!leaf.done && (child.done || Buffer.compare(leaf.value[0], child.value[0]) <= 0)) {
      level.leaf = level.leaves.next();
      yield [Buffer.concat([path.subarray(0, start), leaf.value[0].subarray(tag)]), leaf.value[1]];
    } else if (!child.done) {
      level.child = level.children.next();
      const segment = child.value[0].subarray(tag);
      if (path.length < start + segmentBytes) path = Buffer.concat([path, Buffer.alloc(path.length)]);
      path.set(segment, start);
      levels.push(
        enter(directoryAt(directory.depth + 1, child.value[1]), within(level.bounds, segment, directory.depth)),
      );
    } else {
      levels.pop();
    }
  }
}

const segmentOf = (key: Uint8Array, depth: number): Uint8Array =>
  key.subarray(depth * segmentBytes, (depth + 1) * segmentBytes);

const directoryAt = (depth: number, id: Uint8Array): Directory => ({ depth, tag: Buffer.concat([mark, id]) });

function isEmpty(table: Table, bounds?: RangeOptions): boolean {
  for (const _ of table.range(bounds)) return false;
  return true;
}

function countRows(table: Table, bounds: RangeOptions): number {
  if (table.count !== undefined) return table.count(bounds);
  let rows = 0;
  for (const _ of table.range(bounds)) rows++;
  return rows;
}
