import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { ClusterError } from '../errors.js';
import type { SnapshotMark } from '../raft/types.js';
import { quorate } from '../wire/generated/messages.js';
import { type Dialing, dialAny } from './dial.js';
import { markFields } from './mark-codec.js';
import type { Peer } from './network.js';
import { decodeAnswer } from './peer-answers.js';
import type { PeerStream } from './peer-stream.js';

export const snapshotPath = '/quorate.Peer/Snapshot';

/** Sends a file over a connection of its own, so that no message waits behind it. See PeerNetwork.sendSnapshot. */
export async function sendSnapshot(
  dialing: Dialing,
  peer: Peer,
  mark: SnapshotMark,
  file: string,
  stop: AbortSignal,
): Promise<void> {
  const handle = await opened(file);
  try {
    const stream = await dialAny(dialing, peer, snapshotPath, stop);
    const end = (): void => stream.destroy();
    stop.addEventListener('abort', end);
    try {
      const answer = answerOf(stream, peer);
      // Whichever comes first: a receiver may refuse in the middle.
      await Promise.race([answer, write(stream, handle, mark, dialing.limits.snapshotChunkBytes).then(() => answer)]);
    } catch (error) {
      stop.throwIfAborted();
      throw error;
    } finally {
      stop.removeEventListener('abort', end);
      stream.destroy();
    }
  } finally {
    await handle.close();
  }
}

async function opened(file: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (cause) {
    throw new ClusterError('snapshot-damaged', `${file} can't be read`, { file }, { cause });
  }
}

async function write(stream: PeerStream, file: FileHandle, mark: SnapshotMark, chunkBytes: number) {
  const { size } = await file.stat();
  const hash = createHash('sha256');
  await part(stream, { head: { mark: markFields(mark), size } });
  for await (const chunk of file.createReadStream({ highWaterMark: chunkBytes, autoClose: false })) {
    hash.update(chunk);
    await part(stream, { chunk });
  }
  await part(stream, { sha256: hash.digest() });
}

async function part(stream: PeerStream, fields: quorate.SnapshotPart.$Properties): Promise<void> {
  if (!stream.isOpen) throw new ClusterError('connection-failed', 'the connection was closed');
  if (!stream.write(quorate.SnapshotPart.encode(fields).finish())) await room(stream);
}

const room = (stream: PeerStream): Promise<void> => new Promise((resolve) => stream.onRoom(resolve));

/** Resolves with the receiver's word that it has the snapshot. */
function answerOf(stream: PeerStream, peer: Peer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.read((message) => {
      const { failure } = decodeAnswer(message);
      if (failure === undefined) resolve();
      else reject(failure);
    });
    void stream.closed.then(() => reject(lost(peer)));
  });
}

const lost = (peer: Peer): ClusterError =>
  new ClusterError('connection-failed', `the connection to ${peer.name} broke while it was sent a snapshot`, {
    member: peer.id,
    name: peer.name,
  });
