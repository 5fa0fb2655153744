import type { Writable } from 'node:stream';
import { sliceBytes } from './limits.js';

/**
 * Writes a large answer slice by slice, each when the one before has gone, and ends the stream: what a client does not
 * read stays here, where it goes with its stream, and nobody waits until all of it is encrypted.
 * @param onGone is told of the bytes that the connection has taken
 */
export function pour(stream: Writable, pieces: readonly Buffer[], onGone: (bytes: number) => void): void {
  const slices = slicesOf(pieces);
  const next = (): void => {
    if (stream.destroyed) return;
    const { value: slice } = slices.next();
    if (slice === undefined) {
      stream.end();
      return;
    }
    stream.write(slice, (error) => {
      if (error) return;
      onGone(slice.length);
      next();
    });
  };
  next();
}

/** Small pieces joined, large ones cut. */
function* slicesOf(pieces: readonly Buffer[]): Generator<Buffer, undefined> {
  let [small, bytes]: [Buffer[], number] = [[], 0];
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + sliceBytes - bytes);
      small.push(part);
      bytes += part.length;
      at += part.length;
      if (bytes < sliceBytes) continue;
      yield small.length === 1 ? part : Buffer.concat(small, bytes);
      [small, bytes] = [[], 0];
    }
  }
  if (bytes > 0) yield Buffer.concat(small, bytes);
  return undefined;
}
