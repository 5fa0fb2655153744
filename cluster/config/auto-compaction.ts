import { parseDuration } from './durations.js';
import { refuse } from './flag-texts.js';

/** How much history a member keeps by itself. */
export type AutoCompaction =
  | { readonly kind: 'off' }
  | { readonly kind: 'periodic'; readonly retentionMs: number }
  | { readonly kind: 'revision'; readonly retainedRevisions: number };

const hourMs = 3_600_000;

/**
 * `--auto-compaction-mode` and `-retention` together: a bare number is hours, or revisions, and nothing is 0.
 * @throws ClusterError flag-refused
 */
export function parseAutoCompaction(mode: 'periodic' | 'revision', retention: string): AutoCompaction {
  const count = /^\+?\d{1,15}$/.test(retention) ? Number(retention) : undefined;
  if (count === 0 || retention === '') return { kind: 'off' };
  if (mode === 'revision') {
    if (count !== undefined) return { kind: 'revision', retainedRevisions: count };
    return refuse(`"${retention}" is no number of revisions`, 'durations are for --auto-compaction-mode=periodic');
  }
  const retentionMs = count === undefined ? parseDuration(retention) : count * hourMs;
  if (retentionMs < 0) return refuse(`${retention} is below 0`);
  return retentionMs === 0 ? { kind: 'off' } : { kind: 'periodic', retentionMs };
}
