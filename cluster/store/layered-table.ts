import assert from 'node:assert/strict';
import type { Database, Transaction } from 'lmdb';
import { type RangeOptions, type Table, tableKeyBytesMax } from '../tables.js';
import { bytesOf, Overlay, textOf } from './overlay.js';
import { asBuffer } from './records.js';
import { firstKey, rowRange } from './row-range.js';

export type Rows = Database<Buffer, Uint8Array>;
type Row = readonly [key: Uint8Array, value: Uint8Array];
type OverlayRow = readonly [key: string, value: Uint8Array | null];

/** What a table asks of its backend: writes are legal inside a transaction only. */
export interface WriteGuard {
  beforeWrite(): void;
}

const bytesCompare = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);

/**
 * A table as three layers: what is being written (`top`), what is on its way to LMDB (`leaving`), and LMDB.
 * A row counts as the topmost layer has it.
 */
export class LayeredTable implements Table {
  readonly name: string;
  readonly #guard: WriteGuard;
  #top = new Overlay();
  #leaving: Overlay | undefined;
  #rows: Rows | undefined;
  /** LMDB as it was before `leaving` went there: the moment it arrives is not seen from here. */
  #before: Transaction | undefined;

  /** `rows` is missing until the table's first commit. */
  constructor(name: string, rows: Rows | undefined, guard: WriteGuard) {
    this.name = name;
    this.#rows = rows;
    this.#guard = guard;
  }

  get bytes(): number {
    return this.#top.bytes + (this.#leaving?.bytes ?? 0);
  }

  get dirty(): boolean {
    return this.#top.values.size > 0;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const top = this.#top.values;
    const leaving = this.#leaving?.values;
    if (top.size > 0 || leaving !== undefined) {
      const text = textOf(key);
      const value = top.get(text) ?? (top.has(text) ? null : leaving?.get(text));
      if (value !== undefined) return value ?? undefined;
    }
    return this.#rows?.get(key);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    assert(key.length > 0 && key.length <= tableKeyBytesMax, `a table key of ${key.length} bytes`);
    this.#guard.beforeWrite();
    this.#top.set(textOf(key), value);
  }

  delete(key: Uint8Array): void {
    this.#guard.beforeWrite();
    this.#top.set(textOf(key), null);
  }

  range(options: RangeOptions = {}): Iterable<Row> {
    const { from, to } = options;
    if (from !== undefined && to !== undefined && bytesCompare(from, to) >= 0) return [];
    const reverse = options.reverse ?? false;
    const base = this.#baseRange(options);
    const above = this.#layers()
      .map((overlay) => ({ overlay, keys: overlay.keys(from && textOf(from), to && textOf(to)) }))
      .filter(({ keys }) => keys.length > 0)
      .map(({ overlay, keys }) => overlayRows(overlay, keys, reverse));
    const [older, newer] = above;
    if (older === undefined) return base;
    return mergeRows(newer === undefined ? older : mergeOverlays(older, newer, reverse), base, reverse);
  }

  count(options: RangeOptions = {}): number {
    const { from, to } = options;
    if (from !== undefined && to !== undefined && bytesCompare(from, to) >= 0) return 0;
    const [low, high] = [from && textOf(from), to && textOf(to)];
    const pinned = this.#before === undefined ? {} : { transaction: this.#before };
    let total = this.#rows?.getKeysCount({ start: from ?? firstKey, ...(to && { end: to }), ...pinned }) ?? 0;
    const inBase = (key: string): boolean => this.#rows?.get(bytesOf(key), pinned) !== undefined;
    const leaving = this.#leaving;
    if (leaving !== undefined) total += leaving.countDelta(low, high, inBase);
    return (
      total +
      this.#top.countDelta(low, high, (key) => {
        const value = leaving?.values.get(key);
        return value === undefined ? inBase(key) : value !== null;
      })
    );
  }

  /** The top layer is on its way to LMDB from here on; `before` is LMDB without it. */
  freeze(before: Transaction): void {
    this.#leaving = this.#top;
    this.#top = new Overlay();
    this.#before = before;
  }

  /** Hands what is leaving to LMDB, inside the caller's batch. */
  writeOut(): void {
    const rows = this.#rows;
    assert(rows !== undefined && this.#leaving !== undefined);
    for (const [key, value] of this.#leaving.values) {
      if (value === null) void rows.remove(bytesOf(key));
      else void rows.put(bytesOf(key), asBuffer(value));
    }
  }

  /** Its place in LMDB; undefined before the table's first commit. */
  get rows(): Rows | undefined {
    return this.#rows;
  }

  set rows(rows: Rows) {
    this.#rows = rows;
  }

  /** LMDB has it. */
  settle(): void {
    this.#leaving = undefined;
    this.#before = undefined;
  }

  /** LMDB does not have it, and will be given it again with all that came since. */
  restore(): void {
    const kept = new Overlay();
    if (this.#leaving !== undefined) kept.absorb(this.#leaving);
    kept.absorb(this.#top);
    this.#top = kept;
    this.settle();
  }

  #layers(): Overlay[] {
    const layers = this.#leaving === undefined ? [this.#top] : [this.#leaving, this.#top];
    return layers.filter((overlay) => overlay.values.size > 0);
  }

  #baseRange(options: RangeOptions): Iterable<Row> {
    if (this.#rows === undefined) return [];
    return this.#rows.getRange(rowRange(options)).map(({ key, value }): Row => [key, value]);
  }
}

function* overlayRows(overlay: Overlay, keys: readonly string[], reverse: boolean): Generator<OverlayRow> {
  const last = keys.length - 1;
  for (let n = 0; n <= last; n++) {
    const key = keys[reverse ? last - n : n] ?? '';
    yield [key, overlay.values.get(key) ?? null];
  }
}

function* mergeOverlays(
  older: Iterator<OverlayRow>,
  newer: Iterable<OverlayRow>,
  reverse: boolean,
): Generator<OverlayRow> {
  let old = older.next();
  for (const row of newer) {
    while (!old.done && (reverse ? old.value[0] > row[0] : old.value[0] < row[0])) {
      yield old.value;
      old = older.next();
    }
    if (!old.done && old.value[0] === row[0]) old = older.next();
    yield row;
  }
  for (; !old.done; old = older.next()) yield old.value;
}

/** Both in order; where both have a key the row above hides the one below. */
function* mergeRows(above: Iterator<OverlayRow>, base: Iterable<Row>, reverse: boolean): Generator<Row> {
  let top = nextAbove(above);
  for (const below of base) {
    let order = orderOf(top, below, reverse);
    while (top !== undefined && order < 0) {
      if (top.value !== null) yield [top.key, top.value];
      top = nextAbove(above);
      order = orderOf(top, below, reverse);
    }
    if (top === undefined || order > 0) {
      yield below;
      continue;
    }
    if (top.value !== null) yield [top.key, top.value];
    top = nextAbove(above);
  }
  for (; top !== undefined; top = nextAbove(above)) if (top.value !== null) yield [top.key, top.value];
}

interface Above {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

function nextAbove(above: Iterator<OverlayRow>): Above | undefined {
  const { done, value } = above.next();
  return done ? undefined : { key: bytesOf(value[0]), value: value[1] };
}

const orderOf = (top: Above | undefined, below: Row, reverse: boolean): number =>
  top === undefined ? 1 : bytesCompare(top.key, below[0]) * (reverse ? -1 : 1);
