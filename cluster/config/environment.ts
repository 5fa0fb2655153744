import type { Written } from './arguments.js';
import { type FlagName, flagNames } from './flags.js';

/** `--data-dir` is ETCD_DATA_DIR. */
export const variableOf = (name: FlagName): string => `ETCD_${name.toUpperCase().replaceAll('-', '_')}`;

const flagOf = new Map(flagNames.map((name) => [variableOf(name), name]));

/** Reads the ETCD_* variables; empty ones count as not set, a flag on the command line wins. */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  given: ReadonlyMap<FlagName, Written>,
  warnings: string[],
): ReadonlyMap<FlagName, Written> {
  const written = new Map<FlagName, Written>();
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('ETCD_') || text === undefined || text === '') continue;
    const name = flagOf.get(variable);
    if (name === undefined) {
      warnings.push(`unrecognized environment variable ${variable}`);
    } else if (!given.has(name)) {
      written.set(name, { text, source: variable });
    } else if (given.get(name)?.text !== text) {
      warnings.push(`environment variable ${variable} is shadowed by the flag --${name}, which says otherwise`);
    }
  }
  return written;
}
