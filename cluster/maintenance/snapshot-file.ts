import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BoltWriter } from '../bolt/index.js';
import { ClusterError } from '../errors.js';
import type { Bucket } from './buckets.js';

/** As etcd cuts it. */
const chunkBytes = 32 * 1024;

const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * A snapshot on its way to a client. The file has no name: it is gone when it is closed, or when this process is,
 * however either comes about.
 */
export class SnapshotFile {
  /** Without the digest that goes out behind it. */
  readonly bytes: number;
  readonly #file: FileHandle;

  /** @throws ClusterError disk-full, and what the buckets throw */
  static async write(folder: string, buckets: readonly Bucket[]): Promise<SnapshotFile> {
    const file = await nameless(folder);
    try {
      return new SnapshotFile(file, await fill(file, buckets));
    } catch (error) {
      await file.close();
      throw failureOf(error, folder);
    }
  }

  private constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
  }

  /** The file in pieces, and at last the SHA-256 of all of them. */
  async *chunks(): AsyncGenerator<Buffer> {
    const digest = createHash('sha256');
    for (let position = 0; position < this.bytes; position += chunkBytes) {
      const length = Math.min(chunkBytes, this.bytes - position);
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, position);
      if (bytesRead < length) throw new Error(`the snapshot ends after ${position + bytesRead} bytes`);
      digest.update(buffer);
      yield buffer;
    }
    yield digest.digest();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

let names = 0;

async function nameless(folder: string): Promise<FileHandle> {
  names += 1;
  const path = join(folder, `for-client-${process.pid}-${names}.db`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(path, 'wx+', 0o600);
    await rm(path);
    return file;
  } catch (error) {
    throw failureOf(error, folder);
  }
}

async function fill(file: FileHandle, buckets: readonly Bucket[]): Promise<number> {
  const write = async (bytes: Uint8Array, position: number): Promise<void> => {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  };
  const writer = new BoltWriter({ write });
  for (const { name, lots } of buckets) await writer.bucket(name, lots);
  return writer.finish();
}

function failureOf(cause: unknown, folder: string): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (!full.has(code)) return cause;
  const hint = 'free some space there; a snapshot takes as much as the store uses';
  return new ClusterError('disk-full', `no space left in ${folder} for a snapshot`, { folder }, { cause, hint });
}
