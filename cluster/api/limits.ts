import type { ServerOptions, Settings } from 'node:http2';
import type { HeldLimits } from './held-answers.js';

const kibibyte = 1024;
const mebibyte = 1024 ** 2;

/**
 * Calls of one connection at a time. Go's clients send all they have on one, and wait for their turn beyond this.
 * Also the bound of handlers at work for streams that were reset (CVE-2023-44487); how fast a client may reset them is
 * bounded by nghttp2, at 1000 at once and 33 a second.
 */
export const callsMax = 4096;

/**
 * Bounds of one connection. What else can be thrown at it (SETTINGS, PING, invalid frames, header lists) has bounds in
 * Node, whose defaults are good here.
 */
export const sessionOptions = (streamsMax: number): ServerOptions & { readonly settings: Settings } => ({
  settings: {
    maxConcurrentStreams: Math.min(streamsMax, callsMax),
    // A request of the usual 1.5 MiB at most needs six turns, and not 24. What a stream of requests may leave unread here.
    initialWindowSize: 256 * kibibyte,
    maxHeaderListSize: 64 * kibibyte,
  },
  // In MB: answers that the client does not read. Beyond it new calls are refused, those under way go on. Node's own 10
  // are less than one large range.
  maxSessionMemory: 256,
});

/** Answers that clients have not read. */
export const heldLimits: HeldLimits = {
  // What a fast connection over some distance has on its way.
  connectionBytes: 2 * mebibyte,
  allBytes: 128 * mebibyte,
  stallMs: 5000,
};

/** Of requests that are not over, of all connections together. */
export const receivedBytesMax = 128 * mebibyte;

/** So much of a large answer is given to the connection at a time. */
export const sliceBytes = 256 * kibibyte;

/** Of all streams of a connection together. */
export const connectionWindowBytes = 4 * mebibyte;

/** As in etcd: a message is at most this much longer than a request may be, and beyond that refused by gRPC, in its words. */
export const overheadBytes = 512 * kibibyte;

/** So that a client whose machine is gone does not keep its connection forever. */
export const keepAliveMs = 60_000;
