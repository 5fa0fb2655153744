import { readArguments } from './arguments.js';
import { orComplain } from './complaint.js';
import { type Environment, readEnvironment } from './environment.js';
import { type Flag, isSame } from './flag-kinds.js';
import { type FlagName, type FlagValues, flagNames, flags } from './flags.js';
import { type Notes, type Written, WrittenFlags } from './written-flags.js';
import type { ConfigFile } from './yaml-settings.js';

export interface ReadFlags extends Notes {
  readonly values: FlagValues;
  /** The flags that somebody wrote, as opposed to defaults. */
  readonly given: ReadonlySet<FlagName>;
  readonly fromFile: boolean;
}

/** Reads the command line and the ETCD_* variables against the table; what can't be read keeps its default. */
export function readFlags(args: readonly string[], environment: Environment): ReadFlags {
  const notes: Notes = { complaints: [], warnings: [] };
  const written = readArguments(args, notes);
  readEnvironment(environment, written, notes);
  return { ...readWritten(written, notes), fromFile: false };
}

/** Reads a config file instead: as in etcd nothing else counts then, but for flags that do not exist. */
export function readFileFlags(file: ConfigFile, args: readonly string[], environment: Environment): ReadFlags {
  const notes: Notes = { complaints: [...file.complaints], warnings: [...file.warnings] };
  const ignored = [
    ...[...readArguments(args, { complaints: notes.complaints, warnings: [] }).names].map((name) => `--${name}`),
    ...Object.keys(environment).filter((name) => name.startsWith('ETCD_')),
  ].filter((name) => name !== '--config-file' && name !== 'ETCD_CONFIG_FILE');
  if (ignored.length > 0)
    notes.warnings.push(`--config-file ${file.path} counts alone, ignored: ${ignored.join(', ')}`);
  const written = new WrittenFlags(notes);
  for (const { flag, text, source } of file.settings) written.take(flag, { text, source });
  return { ...readWritten(written, notes), fromFile: true };
}

function readWritten(written: WrittenFlags, notes: Notes): Omit<ReadFlags, 'fromFile'> {
  written.checkTwins();
  const entries = flagNames.map((name) => [name, readOne(flags[name], written.get(name), notes)] as const);
  // Each value was read by its own flag's parser, which is what FlagValues says.
  return { ...notes, values: Object.fromEntries(entries) as FlagValues, given: written.names };
}

function readOne(flag: Flag<unknown>, written: Written | undefined, { complaints, warnings }: Notes): unknown {
  if (written === undefined) return flag.fallback;
  const { text, source } = written;
  const value = orComplain(complaints, source, () => flag.parse(text), flag.fallback);
  if (flag.withoutEffect && value !== flag.fallback && !isSame(text, flag.standard)) {
    warnings.push(`${source} has no effect here: ${flag.description}`);
  }
  return value;
}
