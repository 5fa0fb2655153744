import { ClusterError } from '../errors.js';

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5
  μs: 1e-3, // U+03BC
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** What fits 64 bits of nanoseconds, which is what Go counts in: 292 years. */
const largestMs = 2 ** 63 * 1e-6;

/**
 * Milliseconds of a duration as Go's `time.ParseDuration` reads it: `10m`, `1h30m`, `500ms`, `1.5s`, `0`.
 * @throws ClusterError flag-refused in Go's words
 */
export function parseDuration(text: string): number {
  if (/^[+-]?0$/.test(text)) return 0;
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  const parts = match?.[2];
  if (parts === undefined) throw refusal(text);
  const ms = [...parts.matchAll(/([\d.]+)([a-zµμ]+)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitsMs[unit ?? ''] ?? Number.NaN),
    0,
  );
  if (!(ms < largestMs)) throw refusal(text);
  return match?.[1] === '-' ? -ms : ms;
}

function refusal(text: string): ClusterError {
  const hint = 'a duration has a unit: 500ms, 10s, 5m, 1h30m';
  const what = /^[+-]?[\d.]+$/.test(text) ? 'missing unit in duration' : 'invalid duration';
  return new ClusterError('flag-refused', `time: ${what} "${text}"`, { text }, { hint });
}
