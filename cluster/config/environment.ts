import { flagNames } from './flags.js';
import { olderNames } from './renamed-flags.js';
import type { Notes, WrittenFlags } from './written-flags.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `--data-dir` is ETCD_DATA_DIR. */
export const variableOf = (name: string): string => `ETCD_${name.toUpperCase().replaceAll('-', '_')}`;

const flagOf = new Map([...olderNames, ...flagNames].map((name) => [variableOf(name), name]));

/** Of etcd's own development, and of machines that it was not tried on: nothing here hangs on them. */
const idle: ReadonlySet<string> = new Set(['ETCD_VERIFY', 'ETCD_UNSUPPORTED_ARCH']);

/**
 * Adds what ETCD_* variables say. Empty ones count as not set. One that contradicts a flag of the command line is refused,
 * as by etcd (which also refuses one that says the same); one that nobody knows is warned of.
 */
export function readEnvironment(environment: Environment, written: WrittenFlags, notes: Notes): void {
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('ETCD_') || text === undefined || text === '' || idle.has(variable)) continue;
    const name = flagOf.get(variable);
    const given = name === undefined ? undefined : written.textAs(name);
    if (name === undefined) {
      notes.warnings.push(`unrecognized environment variable ${variable}`);
    } else if (given === undefined) {
      written.take(name, { text, source: variable });
    } else if (given !== text) {
      const message = `conflicting environment variable ${variable} is shadowed by corresponding command-line flag`;
      notes.complaints.push({ flag: variable, message, hint: `unset ${variable}, or leave --${name} out` });
    }
  }
}
