import type { ServerOptions } from 'node:http2';

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
export const sessionOptions: ServerOptions = {
  settings: {
    maxConcurrentStreams: callsMax,
    // A request of the usual 1.5 MiB at most needs one or two turns, and not 24.
    initialWindowSize: mebibyte,
    maxHeaderListSize: 64 * kibibyte,
  },
  // In MB: answers that the client does not read. Beyond it new calls are refused, those under way go on. Node's own 10
  // are less than one large range.
  maxSessionMemory: 256,
};

/** Of all streams of a connection together. */
export const connectionWindowBytes = 4 * mebibyte;

/** So that a client whose machine is gone does not keep its connection forever. */
export const keepAliveMs = 60_000;
