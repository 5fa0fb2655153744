import assert from 'node:assert/strict';
import type { Ahead } from './segment.js';

export interface LogOptions {
  /** A segment takes about so much, at most 1 GiB; 64 MiB. An entry that is larger has a segment to itself. */
  readonly segmentBytes?: number;
  /** Zeros are written ahead of the records in pieces of this size; 256 KiB. */
  readonly chunkBytes?: number;
  /** The latest entries' data kept in memory; 4 MiB. */
  readonly cacheBytes?: number;
}

const segmentBytesMax = 1 << 30;

export const aheadOf = ({ segmentBytes = 64 << 20, chunkBytes = 256 << 10 }: LogOptions): Ahead => {
  assert(segmentBytes <= segmentBytesMax, `segments of ${segmentBytes} bytes are too large`);
  return { segmentBytes, chunkBytes };
};

export const cacheBytesOf = ({ cacheBytes = 4 << 20 }: LogOptions): number => cacheBytes;
