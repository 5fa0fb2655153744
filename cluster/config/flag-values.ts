import { ClusterError } from '../errors.js';
import { readArguments, type Written } from './arguments.js';
import type { Complaint } from './complaint.js';
import { readEnvironment } from './environment.js';
import type { Flag } from './flag-kinds.js';
import { type FlagName, type FlagValues, flagNames, flags } from './flags.js';

export interface ReadFlags {
  readonly values: FlagValues;
  /** The flags that somebody wrote, as opposed to defaults. */
  readonly given: ReadonlySet<FlagName>;
  readonly complaints: Complaint[];
  readonly warnings: string[];
}

/** Reads the command line and the ETCD_* variables against the table; what can't be read keeps its default. */
export function readFlags(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ReadFlags {
  const complaints: Complaint[] = [];
  const warnings: string[] = [];
  const fromArguments = readArguments(args, complaints);
  const fromEnvironment = readEnvironment(environment, fromArguments, warnings);
  const written = new Map([...fromEnvironment, ...fromArguments]);
  const entries = flagNames.map((name) => [name, readOne(flags[name], written.get(name), complaints)] as const);
  for (const [name, { source }] of written) {
    const flag: Flag<unknown> = flags[name];
    if (flag.ignored) warnings.push(`${source} has no effect here`);
  }
  // Each value was read by its own flag's parser, which is what FlagValues says.
  return { values: Object.fromEntries(entries) as FlagValues, given: new Set(written.keys()), complaints, warnings };
}

function readOne(flag: Flag<unknown>, written: Written | undefined, complaints: Complaint[]): unknown {
  if (written === undefined) return flag.fallback;
  try {
    return flag.parse(written.text);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    complaints.push({ flag: written.source, message: `${written.source}: ${error.message}`, ...hint });
    return flag.fallback;
  }
}
