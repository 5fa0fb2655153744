import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, write, writeSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipFile } from './gzip-file.js';

/** When a file is put aside and a new one begun, and which of those put aside are kept; 0 is no limit. */
export interface Rotation {
  readonly bytesMax: number;
  readonly filesMax: number;
  readonly daysMax: number;
  /** In the names of the files put aside, instead of UTC. */
  readonly localTime: boolean;
  readonly compress: boolean;
}

const dayMs = 86_400_000;
const writeLater = promisify(write);

/**
 * A file of lines that only grows, and is put aside when it would become too large, in lumberjack's way that etcd has:
 *
 *     audit.log -> audit-2026-11-26T06-03-30.123.log [.gz]
 *
 * Made 0600. Its lines are whole: what is written are whole lines, what a full disk cut off is taken back, and what a
 * killed process left of one is cut off when the file is opened again.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #rotation: Rotation | undefined;
  readonly #now: () => Date;
  #file: number;
  #size: number;
  #tidying: Promise<void> = Promise.resolve();

  /** @throws the system's error */
  constructor(path: string, rotation: Rotation | undefined, now: () => Date = () => new Date()) {
    this.#path = path;
    this.#now = now;
    this.#file = openSync(path, 'a+', 0o600);
    // A pipe or a device stays where it is.
    this.#rotation = fstatSync(this.#file).isFile() ? rotation : undefined;
    this.#size = cutTornLine(this.#file);
  }

  /** @param lines whole ones. @throws the system's error; then none of them is in the file */
  append(lines: Buffer): void {
    this.#makeRoom(lines.length);
    try {
      for (let done = 0; done < lines.length; ) done += writeSync(this.#file, lines, done);
      this.#size += lines.length;
    } catch (error) {
      this.#takeBack();
      throw error;
    }
  }

  /** As `append`, beside the work of the event loop; one at a time. */
  async appendLater(lines: Buffer): Promise<void> {
    this.#makeRoom(lines.length);
    try {
      for (let done = 0; done < lines.length; ) {
        const { bytesWritten } = await writeLater(this.#file, lines, done, lines.length - done, null);
        done += bytesWritten;
      }
      this.#size += lines.length;
    } catch (error) {
      this.#takeBack();
      throw error;
    }
  }

  /** Resolves once what was put aside is compressed and tidied up. */
  async close(): Promise<void> {
    closeSync(this.#file);
    await this.#tidying;
  }

  /** A pipe or a terminal has no size to be cut to. */
  #takeBack(): void {
    if (fstatSync(this.#file).isFile()) ftruncateSync(this.#file, this.#size);
  }

  #makeRoom(bytes: number): void {
    const { bytesMax = 0 } = this.#rotation ?? {};
    if (bytesMax > 0 && this.#size > 0 && this.#size + bytes > bytesMax) this.#rotate();
  }

  #rotate(): void {
    const aside = this.#asideName();
    renameSync(this.#path, aside);
    const before = this.#file;
    this.#file = openSync(this.#path, 'a+', 0o600);
    this.#size = 0;
    closeSync(before);
    // Only about files that nobody writes to any more: what fails here is tried again the next time.
    this.#tidying = this.#tidying.then(() => this.#tidy(aside)).catch(() => {});
  }

  get #stem(): string {
    return basename(this.#path, extname(this.#path));
  }

  #asideName(): string {
    const now = this.#now();
    const shifted = this.#rotation?.localTime ? new Date(now.getTime() - now.getTimezoneOffset() * 60_000) : now;
    const time = shifted.toISOString().replace(/:/g, '-').replace('Z', '');
    return join(dirname(this.#path), `${this.#stem}-${time}${extname(this.#path)}`);
  }

  async #tidy(aside: string): Promise<void> {
    if (this.#rotation?.compress) await gzipFile(aside);
    const { filesMax = 0, daysMax = 0 } = this.#rotation ?? {};
    const folder = dirname(this.#path);
    const pattern = /^-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}/;
    const all = (await readdir(folder))
      .filter((name) => name.startsWith(`${this.#stem}-`) && pattern.test(name.slice(this.#stem.length)))
      .sort()
      .reverse();
    const tooMany = filesMax > 0 ? all.slice(filesMax) : [];
    const oldest = new Date(this.#now().getTime() - daysMax * dayMs).toISOString().replace(/:/g, '-');
    const tooOld = daysMax > 0 ? all.filter((name) => name.slice(this.#stem.length + 1) < oldest) : [];
    for (const name of new Set([...tooMany, ...tooOld])) await rm(join(folder, name), { force: true });
  }
}

const newline = 0x0a;

/** Gives the size. */
function cutTornLine(file: number): number {
  const stat = fstatSync(file);
  if (!stat.isFile()) return 0;
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = stat.size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const length = readSync(file, chunk, 0, end - start, start);
    const last = chunk.subarray(0, length).lastIndexOf(newline);
    if (last >= 0) return cut(file, stat.size, start + last + 1);
    end = start;
  }
  return cut(file, stat.size, 0);
}

function cut(file: number, size: number, to: number): number {
  if (to < size) ftruncateSync(file, to);
  return to;
}
