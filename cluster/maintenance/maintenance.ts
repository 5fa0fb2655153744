import { ClusterError } from '../errors.js';
import { type Histogram, Measures } from '../measures.js';
import type { Revision, Term } from '../numbers.js';
import { bucketsOf } from './buckets.js';
import { hashState } from './hash.js';
import { hashKeys, type KeyHash } from './hash-kv.js';
import { SnapshotFile } from './snapshot-file.js';
import type { View } from './view.js';

export interface MaintenanceOptions {
  /** The state as of now; closed here. */
  readonly view: () => Promise<View>;
  readonly term: () => Term;
  /** Where snapshots lie while clients take them, in the member's own folder. */
  readonly folder: string;
  readonly measures?: Measures;
}

/** Each takes disk and, while it is written, keeps the state's file from using its free space again. */
const snapshotsMax = 4;

/** Copies and checksums of the whole state, made while it goes on changing. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #measures: Measures;
  #snapshots = 0;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#measures = options.measures ?? new Measures();
  }

  /** @throws ClusterError compacted, future-revision, cancelled, stopped */
  hashKeys(at: Revision, signal?: AbortSignal): Promise<KeyHash> {
    return this.#timed(this.#measures.hashKeysSeconds, (view) => hashKeys(view, at, signal));
  }

  /** @throws ClusterError cancelled, stopped */
  hash(signal?: AbortSignal): Promise<number> {
    return this.#timed(this.#measures.hashSeconds, (view) => hashState(view, signal));
  }

  /** The caller closes it. @throws ClusterError too-many-requests, disk-full, cancelled, stopped */
  async snapshot(signal?: AbortSignal): Promise<SnapshotFile> {
    const { folder, term } = this.#options;
    if (this.#snapshots >= snapshotsMax) {
      throw new ClusterError('too-many-requests', `${snapshotsMax} snapshots are being written already`);
    }
    this.#snapshots += 1;
    try {
      return await this.#viewed((view) => SnapshotFile.write(folder, bucketsOf(view, term(), signal)));
    } finally {
      this.#snapshots -= 1;
    }
  }

  async #timed<Result>(seconds: Histogram, work: (view: View) => Promise<Result>): Promise<Result> {
    const began = performance.now();
    const result = await this.#viewed(work);
    seconds.observe((performance.now() - began) / 1000);
    return result;
  }

  async #viewed<Result>(work: (view: View) => Promise<Result>): Promise<Result> {
    const view = await this.#options.view();
    try {
      return await work(view);
    } finally {
      view.close();
    }
  }
}
