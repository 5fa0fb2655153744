import { close, closeSync, fdatasync, fstatSync, fsync, ftruncate, open, readSync, write, writeSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Disk, DiskFile } from '../disk.js';

// File descriptors and callbacks: a FileHandle's promises cost more than the write itself does.
const openFile = promisify(open);
const closeFile = promisify(close);
const writeOnce = promisify(write);
const syncFile = promisify(fdatasync);
const truncateFile = promisify(ftruncate);

/**
 * So few bytes are put into the page cache at once, in less time than handing them to another thread and hearing of it takes.
 * What waits for the disk is the sync.
 */
const inlineBytesMax = 16 << 10;

class NodeFile implements DiskFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    let done = bytes.length <= inlineBytesMax ? writeSync(this.#fd, bytes, 0, bytes.length, offset) : 0;
    while (done < bytes.length) {
      const { bytesWritten } = await writeOnce(this.#fd, bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
  }

  sync(): Promise<void> {
    return syncFile(this.#fd);
  }

  readSync(offset: number, length: number): Uint8Array {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.size() - offset)));
    let done = 0;
    while (done < bytes.length) {
      const count = readSync(this.#fd, bytes, done, bytes.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  }

  size(): number {
    return fstatSync(this.#fd).size;
  }

  truncate(size: number): Promise<void> {
    return truncateFile(this.#fd, size);
  }

  close(): Promise<void> {
    return closeFile(this.#fd);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const fd = await openFile(folder, 'r');
  try {
    await promisify(fsync)(fd);
  } finally {
    closeSync(fd);
  }
}

/** Every folder that has to be made is durable when it resolves. */
async function makeFolder(folder: string): Promise<void> {
  const top = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (top === undefined) return;
  for (let made = resolve(folder); ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === resolve(top) || made === dirname(made)) return;
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** The machine's own disk. Files are for the owner only. */
export const nodeDisk: Disk = {
  list,
  makeFolder,
  open: async (path, { create }) => new NodeFile(await openFile(path, create ? 'wx+' : 'r+', 0o600)),
  rename,
  remove: (path) => rm(path),
  syncFolder,
};
