import type { KeyRange } from '../operations/kv.js';

const noBytes = new Uint8Array();
export const bytesOf = (bytes: Uint8Array | null | undefined): Uint8Array => bytes ?? noBytes;

interface RangeFields {
  key?: Uint8Array | null | undefined;
  rangeEnd?: Uint8Array | null | undefined;
}

/** An empty `range_end` on the wire is no `end`. */
export function keyRangeOf(message: RangeFields): KeyRange {
  const key = bytesOf(message.key);
  return message.rangeEnd?.length ? { key, end: message.rangeEnd } : { key };
}

export const keyRangeFields = ({ key, end }: KeyRange): { key: Uint8Array; rangeEnd?: Uint8Array } =>
  end === undefined ? { key } : { key, rangeEnd: end };
