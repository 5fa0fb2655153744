/** The middle value; of an even number the lower of the two in the middle. */
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The smallest value that is not below `share` of them. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
};

/** Figures of one round by name, in the order in which they are shown. */
export type Round = Readonly<Record<string, number>>;

const names = (rounds: readonly Round[]): readonly string[] => [
  ...new Set(rounds.flatMap((round) => Object.keys(round))),
];

const overRounds = (rounds: readonly Round[], figure: (name: string, n: number) => number): number[] =>
  names(rounds).map((name) => median(rounds.map((_, n) => figure(name, n))));

/**
 * Three rows of one load: the medians of both engines' figures, and the medians of the rounds' ratios ours/etcd, in
 * which a drift of the machine's speed cancels out.
 */
export const rowsOf = (load: string, ours: readonly Round[], etcd: readonly Round[]): (string | number)[][] => [
  [`${load}: included`, ...overRounds(ours, (name, n) => ours[n]?.[name] ?? Number.NaN)],
  [`${load}: etcd`, ...overRounds(etcd, (name, n) => etcd[n]?.[name] ?? Number.NaN)],
  [
    `**${load}: ratio**`,
    ...overRounds(ours, (name, n) => (ours[n]?.[name] ?? Number.NaN) / (etcd[n]?.[name] ?? Number.NaN)),
  ],
];

export const headsOf = (rounds: readonly Round[]): readonly string[] => ['', ...names(rounds)];

const shown = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);

/** A Markdown table; numbers right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)).join(' | ')} |`;
  return [line(head), `|${head.map((_, n) => (n === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)].join('\n');
}
