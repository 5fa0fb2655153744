import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ClusterError } from '../errors.js';
import {
  bucketFlag,
  bucketHeaderBytes,
  damaged,
  decodeMetaPage,
  type Meta,
  metaBytes,
  pageHeaderBytes,
  type Row,
  readId,
} from './format.js';
import { Tree } from './tree.js';

/** A bucket by its root page, or with its only page inside. */
type Bucket = { readonly root: number } | { readonly inline: Buffer };

/** What bbolt itself tries when the first meta page tells nothing: powers of two. */
const pageBytesMin = 512;
const pageBytesMax = 16 << 20;

/** The digest that a snapshot has behind its pages. */
export const digestBytes = 32;
/** A page is a multiple of it, so that a rest of 32 can only be a digest. */
const sectorBytes = 512;

/**
 * A bbolt file, read page by page and trusted in nothing: a page that is out of range, of another kind than its place,
 * met twice or out of order is an error that names it. All methods throw ClusterError snapshot-damaged.
 */
export class BoltReader {
  readonly path: string;
  /** Of the file, all in all. */
  readonly fileBytes: number;
  readonly meta: Meta;
  readonly #file: number;
  readonly #buckets: ReadonlyMap<string, Bucket>;

  /** @throws ClusterError snapshot-refused (can't be opened), snapshot-damaged */
  static open(path: string): BoltReader {
    const file = openFile(path);
    try {
      return new BoltReader(path, file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  private constructor(path: string, file: number) {
    this.path = path;
    this.#file = file;
    this.fileBytes = fstatSync(file).size;
    if (this.fileBytes === 0) throw damaged(path, 'it is empty');
    this.meta = this.#readMeta();
    this.#buckets = this.#readBuckets();
  }

  /** Of all pages; what follows them in the file is the digest. */
  get bytes(): number {
    return this.meta.pages * this.meta.pageBytes;
  }

  /** Whether the file ends with a digest of what stands before. */
  get hasDigest(): boolean {
    return this.fileBytes % sectorBytes === digestBytes;
  }

  /** In order. */
  get buckets(): readonly string[] {
    return [...this.#buckets.keys()];
  }

  /** In order; none of a bucket that is not there. The bytes are views of the page that they are on. */
  *rows(name: string): Generator<Row> {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) return;
    const tree = this.#tree();
    const elements = 'inline' in bucket ? tree.leaf(bucket.inline, `bucket "${name}"`) : tree.elements(bucket.root);
    for (const { key, value, flags } of elements) {
      if (flags !== 0) throw damaged(this.path, `bucket "${name}" holds another bucket`);
      yield [key, value];
    }
  }

  /** The bytes at a place of the file, `length` of them unless it ends. */
  read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const more = readSync(this.#file, bytes, read, length - read, position + read);
      if (more === 0) break;
      read += more;
    }
    return bytes.subarray(0, read);
  }

  close(): void {
    closeSync(this.#file);
  }

  #tree(): Tree {
    return new Tree(this.path, this.meta, (position, length) => this.read(position, length));
  }

  #readMeta(): Meta {
    const metas = [this.#metaAt(0), this.#secondMeta()].filter((meta) => meta !== undefined);
    const newest = metas.sort((a, b) => b.transaction - a.transaction)[0];
    if (newest === undefined) {
      throw damaged(
        this.path,
        'neither of its first two pages is a meta page of a bbolt file; is it a snapshot of etcd?',
      );
    }
    const { pages, pageBytes, root } = newest;
    const needed = pages * pageBytes;
    const has = this.fileBytes - (this.hasDigest ? digestBytes : 0);
    if (has < needed) throw damaged(this.path, `it ends after ${has} bytes, ${needed} belong to it`);
    if (root >= pages) throw damaged(this.path, `its root is page ${root} of ${pages}`);
    return newest;
  }

  /** Behind the first page, whose size only the first meta page says for certain. */
  #secondMeta(): Meta | undefined {
    for (let size = pageBytesMin; size <= pageBytesMax && size < this.fileBytes; size *= 2) {
      const meta = this.#metaAt(size);
      if (meta?.pageBytes === size) return meta;
    }
    return undefined;
  }

  #metaAt(position: number): Meta | undefined {
    const meta = decodeMetaPage(this.read(position, pageHeaderBytes + metaBytes));
    if (meta === undefined) return undefined;
    const { pageBytes } = meta;
    const known = pageBytes >= pageBytesMin && pageBytes <= pageBytesMax && (pageBytes & (pageBytes - 1)) === 0;
    return known ? meta : undefined;
  }

  #readBuckets(): ReadonlyMap<string, Bucket> {
    const buckets = new Map<string, Bucket>();
    for (const { key, value, flags } of this.#tree().elements(this.meta.root)) {
      const name = Buffer.from(key).toString();
      if ((flags & bucketFlag) === 0) throw damaged(this.path, `"${name}" stands where only buckets may`);
      buckets.set(name, this.#bucketOf(name, value));
    }
    return buckets;
  }

  #bucketOf(name: string, value: Buffer): Bucket {
    if (value.length < bucketHeaderBytes) throw damaged(this.path, `bucket "${name}" is ${value.length} bytes long`);
    const root = readId(value, 0);
    return root === 0 ? { inline: value.subarray(bucketHeaderBytes) } : { root };
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
};

function openFile(path: string): number {
  const refuse = (reason: string, cause?: unknown): ClusterError =>
    new ClusterError(
      'snapshot-refused',
      `the snapshot ${path} can't be read: ${reason}`,
      { path },
      { cause, hint: 'name a file that quorate snapshot save, etcdctl snapshot save or etcd itself has written' },
    );
  try {
    const file = openSync(path, 'r');
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    throw refuse(reasons[code] ?? message, cause);
  }
  throw refuse('it is no file');
}
