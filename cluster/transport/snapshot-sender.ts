import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { ClusterError } from '../errors.js';
import type { SnapshotMark } from '../raft/types.js';
import { quorate } from '../wire/generated/messages.js';
import { type Dialing, dial } from './dial.js';
import { writeFrame } from './grpc-frames.js';
import { markFields } from './mark-codec.js';
import type { Peer } from './network.js';
import { refusalOf } from './refusals.js';

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
    const { session, stream } = await dialAny(dialing, peer, stop);
    const end = (): void => session.destroy();
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
      session.destroy();
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

async function dialAny(dialing: Dialing, peer: Peer, stop: AbortSignal) {
  let failure: unknown;
  for (const url of peer.urls) {
    try {
      return await dial(dialing, peer, url, snapshotPath, stop);
    } catch (error) {
      stop.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

async function write(stream: ClientHttp2Stream, file: FileHandle, mark: SnapshotMark, chunkBytes: number) {
  const { size } = await file.stat();
  const hash = createHash('sha256');
  await part(stream, { head: { mark: markFields(mark), size } });
  for await (const chunk of file.createReadStream({ highWaterMark: chunkBytes, autoClose: false })) {
    hash.update(chunk);
    await part(stream, { chunk });
  }
  await part(stream, { sha256: hash.digest() });
  stream.end();
}

async function part(stream: ClientHttp2Stream, fields: quorate.SnapshotPart.$Properties): Promise<void> {
  if (stream.destroyed) throw new ClusterError('connection-failed', 'the connection was closed');
  if (!writeFrame(stream, quorate.SnapshotPart.encode(fields).finish())) await drained(stream);
}

function drained(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle).off('close', settle);
      resolve();
    };
    stream.on('drain', settle).on('close', settle);
  });
}

/** Resolves with the receiver's word that it has the snapshot. */
function answerOf(stream: ClientHttp2Stream, peer: Peer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      const refusal = refusalOf(trailers);
      if (refusal === undefined) resolve();
      else reject(refusal);
    });
    stream.on('close', () => reject(lost(peer)));
    stream.resume();
  });
}

const lost = (peer: Peer): ClusterError =>
  new ClusterError('connection-failed', `the connection to ${peer.name} broke while it was sent a snapshot`, {
    member: peer.id,
    name: peer.name,
  });
