import type { Cancel, Clock } from '../clock.js';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import { type Revision, revision } from '../numbers.js';

/** How much history is kept. */
export type Retention =
  | { readonly kind: 'periodic'; readonly retentionMs: number }
  | { readonly kind: 'revision'; readonly retainedRevisions: number };

export interface AutoCompactionParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The store's latest. */
  revision(): Revision;
  /** Only the leader compacts; the others keep count, so that whoever leads next goes on at once. */
  leads(): boolean;
  /** Through the log. Rejects with ClusterError. */
  compact(to: Revision): Promise<unknown>;
}

const hourMs = 3_600_000;
/** Revisions are noted, and failed compactions tried again, so many times a period. */
const notesPerPeriod = 10;
const revisionCheckMs = 300_000;

/**
 * Compacts the store by itself, with etcd's rules. By time: a period is the retention, but an hour at most; the revision of
 * ten moments a period is noted, and once a period what is older than the retention goes. By revisions: every five minutes.
 *
 *     retention 1h:   note r0   6m: r1   …   54m: r9   60m: compact(r0), note r10   …   120m: compact(r10)
 */
export class AutoCompaction {
  readonly #parts: AutoCompactionParts;
  readonly #retention: Retention;
  #cancel: Cancel = () => {};
  #underWay = false;
  #compacted = revision(0);

  constructor(retention: Retention, parts: AutoCompactionParts) {
    this.#retention = retention;
    this.#parts = parts;
  }

  start(): void {
    this.#cancel =
      this.#retention.kind === 'periodic' ? this.#byTime(this.#retention) : this.#byRevisions(this.#retention);
  }

  stop(): void {
    this.#cancel();
  }

  #byTime({ retentionMs }: { readonly retentionMs: number }): Cancel {
    const { clock } = this.#parts;
    const periodMs = Math.min(retentionMs, hourMs);
    const noteMs = periodMs / notesPerPeriod;
    const notesMax = Math.floor(retentionMs / noteMs) + 1;
    const notes = [this.#parts.revision()];
    let dueAt = clock.now() + retentionMs;
    return clock.every(noteMs, () => {
      const [oldest] = notes;
      if (oldest !== undefined && this.#mayCompactTo(oldest) && clock.now() >= dueAt) {
        void this.#compact(oldest, () => {
          dueAt = clock.now() + periodMs;
        });
      }
      notes.push(this.#parts.revision());
      if (notes.length > notesMax) notes.shift();
    });
  }

  #byRevisions({ retainedRevisions }: { readonly retainedRevisions: number }): Cancel {
    return this.#parts.clock.every(revisionCheckMs, () => {
      const to = revision(this.#parts.revision() - retainedRevisions);
      if (to > 0 && this.#mayCompactTo(to)) void this.#compact(to, () => {});
    });
  }

  #mayCompactTo(to: Revision): boolean {
    return this.#parts.leads() && !this.#underWay && to !== this.#compacted;
  }

  async #compact(to: Revision, succeeded: () => void): Promise<void> {
    const { logger, compact } = this.#parts;
    const { kind } = this.#retention;
    this.#underWay = true;
    try {
      logger.info(`starting auto ${kind} compaction`, { revision: to });
      await compact(to).catch(unlessCompacted);
      logger.info(`completed auto ${kind} compaction`, { revision: to });
      this.#compacted = to;
      succeeded();
    } catch (error) {
      logger.warn(`failed auto ${kind} compaction`, { revision: to, error });
    } finally {
      this.#underWay = false;
    }
  }
}

/** Somebody else has done it. */
function unlessCompacted(error: unknown): void {
  if (!(error instanceof ClusterError) || error.code !== 'compacted') throw error;
}
