import { variableOf } from './environment.js';
import type { Flag, InitialMember } from './flag-kinds.js';
import { flagNames, flags } from './flags.js';

/** A row of `quorate serve --help`. */
export interface FlagHelp {
  /** `--name NAME`. */
  readonly flag: string;
  readonly variable: string;
  readonly description: string;
  /** Empty: there is none. */
  readonly fallback: string;
}

const fallbackText = (value: unknown): string =>
  Array.isArray(value)
    ? value.map((part: InitialMember | { text: string } | string) => partText(part)).join(',')
    : String(value);

const partText = (part: InitialMember | { text: string } | string): string =>
  typeof part === 'string' ? part : 'text' in part ? part.text : part.name;

/** The flags as `--help` shows them, in order; those without effect are left out. */
export const flagHelp: readonly FlagHelp[] = flagNames.flatMap((name) => {
  const flag: Flag<unknown> = flags[name];
  if (flag.ignored) return [];
  const row: FlagHelp = {
    flag: `--${name} ${flag.placeholder}`.trim(),
    variable: variableOf(name),
    description: flag.description,
    fallback: fallbackText(flag.fallback),
  };
  return [row];
});
