import type { RangeOptions } from '../tables.js';

/** What an open beginning stands for: no key is smaller. */
export const firstKey = Buffer.from([0]);

/** A range of rows as LMDB is asked for it; backwards it begins at what is excluded. */
export const rowRange = ({ from, to, reverse = false }: RangeOptions) =>
  reverse
    ? { reverse, end: from ?? firstKey, inclusiveEnd: true, ...(to && { start: to, exclusiveStart: true }) }
    : { reverse, start: from ?? firstKey, ...(to && { end: to }) };
