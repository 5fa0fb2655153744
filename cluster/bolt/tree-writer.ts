import assert from 'node:assert/strict';
import { bucketHeaderBytes, pageHeaderBytes } from './format.js';
import {
  type BranchElement,
  branchElementBytes,
  encodeBranch,
  encodeLeaf,
  type LeafElement,
  leafElementBytes,
} from './node.js';
import type { Pages } from './pages.js';

/** bbolt reads a bucket that takes up to this part of a page from inside its parent's page. */
const inlinePart = 1 / 4;

interface Level {
  children: BranchElement[];
  bytes: number;
}

/**
 * One bucket's B+ tree, from the bottom up as its rows come in order. Of each level only the pages that are not full yet
 * are in memory:
 *
 *     level 2              [k0 → 7]
 *     level 1   7: [k0 → 3, k2 → 4, k4 → 5 ]   [k6 → 6, k8 → 8]
 *     leaves    3, 4, 5, 6 and 8 are written   [k9, k10, …]
 *
 * A branch is written once there is enough for another one behind it: bbolt gives up (with a panic) when it deletes below
 * a branch of a single child.
 */
export class TreeWriter {
  readonly #pages: Pages;
  readonly #levels: Level[] = [];
  #leaf: LeafElement[] = [];
  #leafBytes = pageHeaderBytes;
  #last: Uint8Array | undefined;

  constructor(pages: Pages) {
    this.#pages = pages;
  }

  /** In ascending order of the keys. */
  add(element: LeafElement): void {
    const { key } = element;
    assert(key.length > 0, 'a row without a key');
    assert(this.#last === undefined || Buffer.compare(this.#last, key) < 0, 'rows out of order');
    const bytes = leafElementBytes(element);
    if (this.#leaf.length > 0 && this.#leafBytes + bytes > this.#pages.pageBytes) this.#writeLeaf();
    this.#leaf.push(element);
    this.#leafBytes += bytes;
    this.#last = key;
  }

  /** The bucket as its parent holds it: the number of its root page, or, when it is small, all of it. */
  finish(): Buffer {
    const header = Buffer.alloc(bucketHeaderBytes);
    if (this.#levels.length === 0 && this.#leafBytes <= this.#pages.pageBytes * inlinePart) {
      return Buffer.concat([header, encodeLeaf(0, this.#leaf, this.#leafBytes)]);
    }
    header.writeBigUInt64LE(BigInt(this.finishAtRoot()), 0);
    return header;
  }

  /** Never inline. Returns the number of the root page. */
  finishAtRoot(): number {
    if (this.#leaf.length > 0 || this.#levels.length === 0) this.#writeLeaf();
    for (let height = 0; ; height++) {
      const level = this.#levels[height];
      assert(level !== undefined);
      const [only] = level.children;
      if (only !== undefined && level.children.length === 1 && this.#levels.length === height + 1) return only.page;
      this.#writeRest(level, height);
    }
  }

  #writeLeaf(): void {
    const id = this.#pages.next;
    const key = this.#leaf[0]?.key ?? new Uint8Array();
    this.#pages.append(encodeLeaf(id, this.#leaf, this.#leafBytes));
    this.#leaf = [];
    this.#leafBytes = pageHeaderBytes;
    this.#put({ key, page: id }, 0);
  }

  #put(child: BranchElement, height: number): void {
    const level = this.#levels[height] ?? { children: [], bytes: pageHeaderBytes };
    this.#levels[height] = level;
    level.children.push(child);
    level.bytes += branchElementBytes(child);
    if (level.bytes < 2 * this.#pages.pageBytes || level.children.length < 4) return;
    this.#writeBranch(level, height, this.#fitting(level.children));
  }

  /** As many as a page holds, at least two, and two are left. */
  #fitting(children: readonly BranchElement[]): number {
    let bytes = pageHeaderBytes;
    const over = children.findIndex((child) => {
      bytes += branchElementBytes(child);
      return bytes > this.#pages.pageBytes;
    });
    return Math.min(Math.max(2, over < 0 ? children.length : over), children.length - 2);
  }

  /** At the end of the rows: one page where that is enough, else two halves. */
  #writeRest(level: Level, height: number): void {
    const { length } = level.children;
    if (level.bytes > this.#pages.pageBytes && length >= 4) this.#writeBranch(level, height, Math.ceil(length / 2));
    this.#writeBranch(level, height, level.children.length);
  }

  #writeBranch(level: Level, height: number, count: number): void {
    const children = level.children.splice(0, count);
    const first = children[0];
    assert(first !== undefined);
    const bytes = children.reduce((sum, child) => sum + branchElementBytes(child), 0);
    level.bytes -= bytes;
    const id = this.#pages.next;
    this.#pages.append(encodeBranch(id, children, pageHeaderBytes + bytes));
    this.#put({ key: first.key, page: id }, height + 1);
  }
}
