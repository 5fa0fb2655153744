import { getPackedSettings, type Settings } from 'node:http2';
import type { Socket } from 'node:net';
import { urlAuthority } from './header-block.js';

// Without TLS, etcd's own client of 3.4 gives `http://HOST:PORT` as the authority of what it asks of one member (status, defragment,
// hash, move of the leader). HTTP/2 as Node has it resets such streams, and has no setting for it. So the first request of such a
// client is looked at before Node takes the connection: its authority is written anew, and all later ones refer to that one
// (RFC 7541 2.3.2).

/** RFC 9113 6 */
const types = { headers: 1, settings: 4, windowUpdate: 8 } as const;
const flags = { ack: 1, padded: 8, priority: 32 } as const;
const prefaceBytes = 24;
const headBytes = 9;
const priorityBytes = 5;
/** With its length. Shorter than what it is put for: what the client's table still holds, the server's holds too. */
const instead = Buffer.from('\u0004etcd');
/** More than the headers of a request, which come after the answer to the settings. */
const bytesMax = 32 * 1024;

interface Frame {
  readonly at: number;
  readonly end: number;
  readonly type: number;
  readonly flags: number;
}

/** Undefined until it is all there. */
function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (bytes.length < at + headBytes) return undefined;
  const end = at + headBytes + bytes.readUIntBE(at, 3);
  return bytes.length < end ? undefined : { at, end, type: bytes[at + 3] ?? 0, flags: bytes[at + 4] ?? 0 };
}

export interface Patience {
  /** For the answer to the settings. */
  readonly answerMs: number;
  /** For the first request from then on: it comes at once, if there is one. */
  readonly requestMs: number;
}

/** What a server says first; Node says it again. */
function settingsFrame(settings: Settings): Buffer {
  const payload = getPackedSettings(settings);
  const head = Buffer.from([0, 0, payload.length, types.settings, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, payload]);
}

/** Those of Go: they have no settings of their own, and say nothing before they know the server's. */
const waits = (bytes: Buffer, { type, flags: set, at, end }: Frame): boolean =>
  type === types.settings && set === 0 && end === at + headBytes && end === bytes.length;

/**
 * Takes a connection whose preface has come, and puts back what the client has sent, with an authority that Node takes.
 * Clients that do not wait for the server are left alone; whoever does not answer its settings is cut off.
 * @param settings those of the server
 */
export function mendAuthority(socket: Socket, settings: Settings, { requestMs, answerMs }: Patience): Promise<void> {
  return new Promise((resolve) => {
    let seen: Buffer = Buffer.alloc(0);
    /** Where the next frame begins; undefined before the greeting. */
    let at: number | undefined;
    let [isAnswered, isMended] = [false, false];
    let requestTimer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(requestTimer);
      clearTimeout(answerTimer);
      socket.off('data', take).off('close', settle).pause();
      if (at !== undefined && !isAnswered) socket.destroy();
      else if (seen.length > 0) socket.unshift(seen);
      resolve();
    };
    const begin = (): void => {
      const first = frameAt(seen, prefaceBytes);
      if (first === undefined) return;
      if (!waits(seen, first)) {
        settle();
        return;
      }
      at = first.end;
      socket.write(settingsFrame(settings));
    };
    /** @returns where the next one begins */
    const look = (frame: Frame): number => {
      if (!isAnswered && frame.type === types.settings && frame.flags === flags.ack) {
        // Node has not asked for this one.
        isAnswered = true;
        requestTimer = setTimeout(settle, requestMs);
        seen = Buffer.concat([seen.subarray(0, frame.at), seen.subarray(frame.end)]);
        return frame.at;
      }
      const before = seen.length;
      if (!isMended && frame.type === types.headers) seen = withAuthority(seen, frame);
      isMended ||= frame.type !== types.windowUpdate;
      return frame.end - (before - seen.length);
    };
    const take = (chunk: Buffer): void => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      if (at === undefined) {
        begin();
        return;
      }
      for (let frame = frameAt(seen, at); frame !== undefined; frame = frameAt(seen, at)) at = look(frame);
      if (seen.length > bytesMax || (isMended && isAnswered)) settle();
    };
    const answerTimer = setTimeout(settle, answerMs);
    socket.on('data', take).on('close', settle).resume();
  });
}

/** The same bytes, with another authority if the frame's is a URL. */
function withAuthority(bytes: Buffer, { at, end, flags: set }: Frame): Buffer {
  if ((set & flags.padded) !== 0) return bytes;
  const from = at + headBytes + ((set & flags.priority) === 0 ? 0 : priorityBytes);
  const found = urlAuthority(bytes.subarray(0, end), from);
  if (found === undefined) return bytes;
  const mended = Buffer.concat([bytes.subarray(0, found.from), instead, bytes.subarray(found.to)]);
  mended.writeUIntBE(end - at - headBytes - (bytes.length - mended.length), at, 3);
  return mended;
}
