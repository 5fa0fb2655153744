import type { AuditLevel, AuditRecord, AuditSink } from '../api/audit/record.js';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import { OccasionalLog } from '../transport/occasional-log.js';
import { RotatingFile, type Rotation } from './rotating-file.js';

export interface AuditLogOptions {
  readonly path: string;
  readonly level: AuditLevel;
  readonly rotation: Rotation;
  readonly logger: Logger;
  /** Records that may wait to be written; more are dropped, loudly. */
  readonly waitingMax?: number;
}

/** How long records wait for company: one write for many. */
const gatherMs = 100;
/** How soon it is tried again when the disk took nothing. */
const retryMs = 1000;

/**
 * The audit log: a file of JSON lines. Requests do not wait for it, so the last moments before a crash may be missing, and
 * where the disk takes nothing they wait, up to a bound: what is dropped then is counted, and said in the member's log.
 */
export class AuditLog implements AuditSink {
  readonly level: AuditLevel;
  readonly #file: RotatingFile;
  readonly #path: string;
  readonly #log: OccasionalLog;
  readonly #waitingMax: number;
  #waiting: AuditRecord[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #isFlushing = false;
  #written = 0;
  #dropped = 0;

  /** @throws ClusterError flag-refused when the file can't be opened */
  constructor({ path, level, rotation, logger, waitingMax = 10_000 }: AuditLogOptions) {
    this.level = level;
    this.#path = path;
    this.#waitingMax = waitingMax;
    this.#log = new OccasionalLog(logger, 10_000);
    try {
      this.#file = new RotatingFile(path, rotation);
    } catch (cause) {
      const hint = 'name a file that this user may write, in a folder that is there';
      throw new ClusterError('flag-refused', `--audit-log: ${(cause as Error).message}`, { path }, { cause, hint });
    }
  }

  get written(): number {
    return this.#written;
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(record: AuditRecord): void {
    if (this.#waiting.length >= this.#waitingMax) {
      this.#lost(1, `${this.#waitingMax} records wait already`);
      return;
    }
    this.#waiting.push(record);
    this.#flushIn(gatherMs);
  }

  /** Writes what waits, or says how much is lost. */
  async close(): Promise<void> {
    await this.#flushing;
    await this.#flush();
    clearTimeout(this.#timer);
    if (this.#waiting.length > 0) this.#lost(this.#waiting.length, 'the member stops');
    await this.#file.close();
  }

  #flushIn(ms: number): void {
    if (this.#timer !== undefined || this.#isFlushing) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flushing = this.#flush();
    }, ms);
  }

  async #flush(): Promise<void> {
    const records = this.#waiting;
    if (records.length === 0) return;
    this.#waiting = [];
    this.#isFlushing = true;
    try {
      await this.#file.appendLater(Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join('')));
      this.#written += records.length;
      this.#isFlushing = false;
      if (this.#waiting.length > 0) this.#flushIn(gatherMs);
    } catch (error) {
      this.#isFlushing = false;
      this.#keep(records, (error as Error).message);
    }
  }

  /** For another attempt: what does not fit any more is lost, the latest of it. */
  #keep(records: readonly AuditRecord[], reason: string): void {
    const all = [...records, ...this.#waiting];
    this.#waiting = all.slice(0, this.#waitingMax);
    this.#log.error(
      'THE AUDIT LOG CAN NOT BE WRITTEN: records wait in memory',
      { path: this.#path, reason, waiting: this.#waiting.length },
      'waiting',
    );
    if (all.length > this.#waitingMax) this.#lost(all.length - this.#waitingMax, reason);
    this.#flushIn(retryMs);
  }

  #lost(count: number, reason: string): void {
    this.#dropped += count;
    const fields = { path: this.#path, reason, 'dropped-total': this.#dropped };
    this.#log.error('AUDIT RECORDS ARE LOST: what is done now is not written down', fields, 'lost');
  }
}
