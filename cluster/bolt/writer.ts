import {
  bucketFlag,
  defaultPageBytes,
  encodeMetaPage,
  pageHeaderBytes,
  pageKinds,
  type Row,
  writePageHeader,
} from './format.js';
import { Pages, type Sink } from './pages.js';
import { TreeWriter } from './tree-writer.js';

export interface WriterOptions {
  readonly pageBytes?: number;
}

const freelistPage = 2;
const firstPage = 3;

/**
 * Writes a bbolt file in one go and in bounded memory: buckets one after the other, each with its rows in order. The
 * first three pages come last, when it is known where everything is; a file that was not finished is no bbolt file.
 */
export class BoltWriter {
  readonly #sink: Sink;
  readonly #pages: Pages;
  readonly #buckets = new Map<string, Buffer>();

  constructor(sink: Sink, { pageBytes = defaultPageBytes }: WriterOptions = {}) {
    this.#sink = sink;
    this.#pages = new Pages(sink, pageBytes, firstPage);
  }

  /** `lots`: the rows in portions; between two of them what is full is written. */
  async bucket(name: string, lots: Iterable<readonly Row[]> | AsyncIterable<readonly Row[]>): Promise<void> {
    const tree = new TreeWriter(this.#pages);
    for await (const rows of lots) {
      for (const [key, value] of rows) tree.add({ key, value, flags: 0 });
      await this.#pages.drain();
    }
    this.#buckets.set(name, tree.finish());
  }

  /** Returns the file's length. */
  async finish(): Promise<number> {
    const { pageBytes } = this.#pages;
    const root = this.#writeRoot();
    await this.#pages.flush();
    const pages = this.#pages.next;
    const freelist = Buffer.alloc(pageBytes);
    writePageHeader(freelist, { id: freelistPage, kind: pageKinds.freelist, count: 0, overflow: 0 });
    const meta = { pageBytes, root, freelist: freelistPage, pages };
    const metas = [0, 1].map((transaction) => encodeMetaPage({ ...meta, transaction }));
    await this.#sink.write(Buffer.concat([...metas, freelist]), 0);
    return pages * pageBytes;
  }

  #writeRoot(): number {
    const tree = new TreeWriter(this.#pages);
    const names = [...this.#buckets.keys()].map((name) => Buffer.from(name)).sort(Buffer.compare);
    for (const key of names) {
      const value = this.#buckets.get(key.toString()) ?? Buffer.alloc(pageHeaderBytes);
      tree.add({ key, value, flags: bucketFlag });
    }
    return tree.finishAtRoot();
  }
}
