import { variableOf } from './environment.js';
import type { Flag } from './flag-kinds.js';
import { flagGroups } from './flags.js';

/** A row of `quorate serve --help`. */
export interface FlagHelp {
  /** `--name NAME`. */
  readonly flag: string;
  readonly variable: string;
  readonly description: string;
  /** Empty: there is none. */
  readonly fallback: string;
}

export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly FlagHelp[];
}

const helpOf = ([name, flag]: readonly [string, Flag<unknown>]): FlagHelp => ({
  flag: `--${name} ${flag.placeholder}`.trim(),
  variable: variableOf(name),
  description: flag.description,
  fallback: flag.withoutEffect ? '' : flag.standard,
});

/** All flags as `--help` shows them, in groups. */
export const flagHelp: readonly FlagGroup[] = Object.entries(flagGroups).map(([title, group]) => ({
  title,
  flags: Object.entries<Flag<unknown>>(group).map(helpOf),
}));
