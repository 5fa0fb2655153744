/** The middle value; of an even number the lower of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
};

/** What one round of one load cost one engine. */
export interface Round {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU seconds of all members per 1000 requests. */
  readonly cpuPerThousand: number;
  /** Of the largest member, since it began. */
  readonly peakMegabytes: number;
}

export const figures = ['requestsPerSecond', 'p50Ms', 'p99Ms', 'cpuPerThousand', 'peakMegabytes'] as const;

/** Medians of each figure over the rounds. */
export const medians = (rounds: readonly Round[]): Round =>
  Object.fromEntries(
    figures.map((figure) => [figure, median(rounds.map((round) => round[figure]))]),
  ) as unknown as Round;

/** Medians of the ratios ours/etcd, round by round, so that a drift of the machine's speed cancels out. */
export const ratios = (ours: readonly Round[], etcd: readonly Round[]): Round =>
  Object.fromEntries(
    figures.map((figure) => [
      figure,
      median(ours.map((round, n) => round[figure] / (etcd[n]?.[figure] ?? Number.NaN))),
    ]),
  ) as unknown as Round;

const shown = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);

/** A Markdown table; numbers right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)).join(' | ')} |`;
  return [line(head), `|${head.map((_, n) => (n === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)].join('\n');
}
