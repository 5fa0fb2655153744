import { type FeatureGates, featureGates, parseFeatureGates } from './feature-gates.js';
import { choice, duration, type Flag, idle, text, whole } from './flag-kinds.js';
import { refuse } from './flag-texts.js';

const gates: Flag<FeatureGates> = {
  parse: parseFeatureGates,
  fallback: featureGates,
  standard: '',
  placeholder: 'NAME=BOOL,…',
  description: `opens or closes ${Object.keys(featureGates).join(', ')}`,
};

const periodicOrRevision = choice(['periodic', 'revision'], 'what --auto-compaction-retention counts');
const mode: typeof periodicOrRevision = {
  ...periodicOrRevision,
  parse: (word) =>
    word === 'periodic' || word === 'revision' ? word : refuse(`unknown auto-compaction-mode "${word}"`),
};

/** What a member does for itself, and what it tells of itself. */
export const upkeepFlags = {
  'auto-compaction-mode': mode,
  'auto-compaction-retention': text(
    '0',
    'DURATION|N',
    'history to keep: 5m, hours when without a unit, or revisions; 0 is all',
  ),
  'compaction-batch-limit': whole(500, 0, 1_000_000, 'revisions that one step of a compaction takes away'),
  'compaction-sleep-interval': duration('20ms', 0, 'pause between such steps'),
  'corrupt-check-time': duration('0s', 0, 'time between comparisons of all data with the other members; 0 is never'),
  'compact-hash-check-time': duration('1m', 1, 'time between comparisons of compacted history'),
  'downgrade-check-time': idle(duration('5s', 1, 'there is no older version to go back to')),
  'watch-progress-notify-interval': duration('10m', 0, 'time between progress notices to quiet watchers'),
  'bootstrap-defrag-threshold-megabytes': whole(
    0,
    0,
    1_000_000_000,
    'space to win that is worth a defragmentation at start; 0 is never',
  ),
  'feature-gates': gates,
  metrics: choice(['basic', 'extensive'], 'extensive: histograms of calls too'),
  'warning-apply-duration': duration('100ms', 0, 'time to apply a request after which it is logged as slow'),
  'warning-unary-request-duration': duration('300ms', 0, 'time to answer a request after which it is logged as slow'),

  // not in etcd
  'audit-log': text('', 'FILE', 'where to write down who changed what and who was refused, one JSON object a line'),
  'audit-log-level': choice(['changes', 'all'], 'all: reads too'),
  'audit-log-max-size': whole(100, 0, 1_000_000, 'megabytes after which the file is put aside; 0 is never'),
  'audit-log-max-files': whole(10, 0, 1_000_000, 'how many of those are kept; 0 is all'),
} as const satisfies Record<string, Flag<unknown>>;
