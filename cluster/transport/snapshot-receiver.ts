import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../errors.js';
import { idText } from '../numbers.js';
import type { SnapshotMark } from '../raft/types.js';
import { quorate } from '../wire/generated/messages.js';
import { toCount } from '../wire/long.js';
import { markOf } from './mark-codec.js';
import type { Peer } from './network.js';
import type { PeerStream } from './peer-stream.js';

/** A part is a chunk and a few bytes; a sender that wants more is not one of us. */
const partBytesMax = 4 * 1024 ** 2;
const suffix = '.part';

export interface Received {
  readonly mark: SnapshotMark;
  readonly file: string;
}

/** Removes what a member left that stopped in the middle of receiving. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await Promise.all(
    names.filter((name) => name.endsWith(suffix)).map((name) => rm(join(folder, name), { force: true })),
  );
}

/**
 * Writes a snapshot to a new file in the folder as it comes, verified and synced when it resolves. In memory there is
 * no more of it than a part and what has come with it.
 * @throws ClusterError snapshot-damaged, disk-full, connection-failed; the file is removed then
 */
export async function receiveSnapshot(stream: PeerStream, peer: Peer, folder: string): Promise<Received> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `from-${idText(peer.id)}-${randomUUID()}${suffix}`);
  const handle = await open(file, 'wx', 0o600);
  try {
    const mark = await receive(stream, handle, peer);
    await handle.sync();
    await handle.close();
    await syncFolder(folder);
    return { mark, file };
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(file, { force: true });
    throw asClusterError(error, peer);
  }
}

async function receive(stream: PeerStream, handle: FileHandle, peer: Peer): Promise<SnapshotMark> {
  const incoming = new IncomingSnapshot(handle, peer);
  await stream.readSlowly((part) => incoming.take(part), { bytesMax: partBytesMax });
  return incoming.finished();
}

const damaged = (peer: Peer, what: string): ClusterError =>
  new ClusterError('snapshot-damaged', `the snapshot from ${peer.name} ${what}`, { member: peer.id, name: peer.name });

/** One file on its way: head, chunks, checksum, in that order. */
class IncomingSnapshot {
  readonly #handle: FileHandle;
  readonly #peer: Peer;
  readonly #hash = createHash('sha256');
  #head: { readonly mark: SnapshotMark; readonly size: number } | undefined;
  #received = 0;
  #isWhole = false;

  constructor(handle: FileHandle, peer: Peer) {
    this.#handle = handle;
    this.#peer = peer;
  }

  /** Enough: the checksum has come, and is right. */
  async take(frame: Buffer): Promise<'more' | 'enough'> {
    const { head, chunk, sha256 } = this.#decode(frame);
    if (head) this.#begin(head);
    if (this.#head === undefined) throw damaged(this.#peer, 'does not begin with its head');
    if (chunk?.length) await this.#write(chunk);
    if (sha256?.length) this.#verify(sha256, this.#head.size);
    return this.#isWhole ? 'enough' : 'more';
  }

  finished(): SnapshotMark {
    if (this.#head === undefined || !this.#isWhole) throw damaged(this.#peer, `ended after ${this.#received} bytes`);
    return this.#head.mark;
  }

  #decode(frame: Buffer) {
    try {
      return quorate.SnapshotPart.decode(frame);
    } catch {
      throw damaged(this.#peer, 'does not parse');
    }
  }

  #begin(head: quorate.SnapshotHead.$Properties): void {
    if (this.#head !== undefined) throw damaged(this.#peer, 'has two heads');
    this.#head = { mark: markOf(head.mark), size: toCount(head.size) };
  }

  async #write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    await this.#handle.appendFile(chunk);
    this.#received += chunk.length;
  }

  #verify(sha256: Uint8Array, size: number): void {
    if (this.#received !== size) throw damaged(this.#peer, `has ${this.#received} bytes instead of ${size}`);
    if (!this.#hash.digest().equals(sha256)) throw damaged(this.#peer, 'does not match its SHA-256');
    this.#isWhole = true;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}

function asClusterError(error: unknown, peer: Peer): ClusterError {
  if (error instanceof ClusterError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const details = { member: peer.id, name: peer.name };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = `no space is left for the snapshot from ${peer.name}`;
    return new ClusterError('disk-full', message, details, { cause: error });
  }
  const message = `the snapshot from ${peer.name} was cut off`;
  return new ClusterError('connection-failed', message, details, { cause: error });
}
