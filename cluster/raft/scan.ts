import { type Index, index } from '../numbers.js';
import type { LogView } from './types.js';

const bytesMax = 1 << 20;

/** Where the log changes the membership, from <= index <= to; what is compacted counts for nothing. */
export function changesIn(log: Pick<LogView, 'entries' | 'firstIndex'>, from: number, to: Index): readonly Index[] {
  const found: Index[] = [];
  let at = index(Math.max(from, log.firstIndex()));
  while (at <= to) {
    const entries = log.entries(at, index(to + 1), bytesMax) ?? [];
    for (const entry of entries) if (entry.kind === 'membership') found.push(entry.index);
    at = index(at + Math.max(1, entries.length));
  }
  return found;
}
