import { damaged, elementBytes, type Meta, pageHeaderBytes, pageKinds, readId, readPageHeader } from './format.js';

export interface Element {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly flags: number;
}

/** More than any row is long; a page that claims more is a lie, and not worth the memory. */
const pageBytesMax = 1 << 30;

type Read = (position: number, length: number) => Buffer;

/** One walk over a tree of pages. */
export class Tree {
  readonly #path: string;
  readonly #meta: Meta;
  readonly #read: Read;
  readonly #met: Uint8Array;
  #last: Buffer | undefined;

  constructor(path: string, meta: Meta, read: Read) {
    this.#path = path;
    this.#meta = meta;
    this.#read = read;
    this.#met = new Uint8Array(Math.ceil(meta.pages / 8));
  }

  /** Of all leaves below a page, in order. */
  *elements(root: number): Generator<Element> {
    const pending = [root];
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      const page = this.#page(id);
      const { kind } = readPageHeader(page);
      if (kind === pageKinds.leaf) yield* this.leaf(page, `page ${id}`);
      else if (kind === pageKinds.branch) pending.push(...this.#below(page, id).reverse());
      else throw damaged(this.#path, `page ${id} is of kind ${kind}, neither branch nor leaf`);
    }
  }

  /** Of one leaf; `name`: what to call it when it is damaged. */
  *leaf(page: Buffer, name: string): Generator<Element> {
    if (page.length < pageHeaderBytes) throw damaged(this.#path, `${name} has no header`);
    const { count, kind } = readPageHeader(page);
    if (kind !== pageKinds.leaf) throw damaged(this.#path, `${name} is of kind ${kind}, not a leaf`);
    this.#checkCount(page, count, name);
    for (let n = 0; n < count; n++) {
      const at = pageHeaderBytes + n * elementBytes;
      const start = at + page.readUInt32LE(at + 4);
      const middle = start + page.readUInt32LE(at + 8);
      const end = middle + page.readUInt32LE(at + 12);
      if (middle === start || end > page.length) throw damaged(this.#path, `element ${n} of ${name} is not inside it`);
      const key = page.subarray(start, middle);
      if (this.#last !== undefined && Buffer.compare(this.#last, key) >= 0) {
        throw damaged(this.#path, `element ${n} of ${name} is out of order`);
      }
      this.#last = key;
      yield { key, value: page.subarray(middle, end), flags: page.readUInt32LE(at) };
    }
  }

  #below(page: Buffer, id: number): number[] {
    const { count } = readPageHeader(page);
    this.#checkCount(page, count, `page ${id}`);
    if (count === 0) throw damaged(this.#path, `page ${id} is a branch without pages below`);
    return Array.from({ length: count }, (_, n) => readId(page, pageHeaderBytes + n * elementBytes + 8));
  }

  /** With the pages that it goes on over. */
  #page(id: number): Buffer {
    const { pages, pageBytes } = this.#meta;
    if (id < 2 || id >= pages) throw damaged(this.#path, `page ${id} is asked for, of ${pages}`);
    if (this.#isMet(id)) throw damaged(this.#path, `page ${id} is met twice`);
    const first = this.#read(id * pageBytes, pageBytes);
    if (first.length < pageBytes) throw damaged(this.#path, `it ends inside page ${id}`);
    const { id: own, overflow } = readPageHeader(first);
    if (own !== id) throw damaged(this.#path, `page ${id} says that it is page ${own}`);
    if (overflow === 0) return first;
    const length = (overflow + 1) * pageBytes;
    if (id + overflow >= pages || length > pageBytesMax) {
      throw damaged(this.#path, `page ${id} goes on over ${overflow} more, past the end`);
    }
    const whole = this.#read(id * pageBytes, length);
    if (whole.length < length) throw damaged(this.#path, `it ends inside page ${id}`);
    return whole;
  }

  #checkCount(page: Buffer, count: number, name: string): void {
    if (pageHeaderBytes + count * elementBytes > page.length) {
      throw damaged(this.#path, `${name} claims ${count} elements, more than it has room for`);
    }
  }

  #isMet(id: number): boolean {
    const [byte, bit] = [id >>> 3, 1 << (id & 7)];
    const met = ((this.#met[byte] ?? 0) & bit) !== 0;
    this.#met[byte] = (this.#met[byte] ?? 0) | bit;
    return met;
  }
}
