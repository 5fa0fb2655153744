import type { Complaint } from './complaint.js';
import { type FlagName, flagNames, flags, isFlagName } from './flags.js';
import { nearest } from './nearest.js';

/** What was written, not yet read: the text of each flag, and who wrote it for messages (`--name`, `ETCD_NAME`). */
export interface Written {
  readonly text: string;
  readonly source: string;
}

const isSwitch = (name: FlagName): boolean => flags[name].placeholder === '';

/**
 * Splits a command line by the rules of Go's `flag` package: `--x=v`, `--x v`, one dash or two; a boolean takes its
 * value only after `=`. The last one given wins.
 */
export function readArguments(args: readonly string[], complaints: Complaint[]): ReadonlyMap<FlagName, Written> {
  const written = new Map<FlagName, Written>();
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? '';
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument);
    const name = match?.[1];
    if (name === undefined) {
      complaints.push({ flag: argument, message: `'${argument}' is not a valid flag` });
      continue;
    }
    if (!isFlagName(name)) {
      complaints.push(unknown(name));
      if (match?.[2] === undefined && isValue(args[at + 1])) at++;
      continue;
    }
    const text = match?.[2] ?? (isSwitch(name) ? 'true' : args[++at]);
    if (text === undefined) complaints.push({ flag: name, message: `flag needs an argument: --${name}` });
    else written.set(name, { text, source: `--${name}` });
  }
  return written;
}

// What follows an unknown flag is taken for its value, so that it is not complained about twice.
const isValue = (next: string | undefined): boolean => next !== undefined && !next.startsWith('-');

function unknown(name: string): Complaint {
  const meant = nearest(name, flagNames);
  const hint = meant === undefined ? 'see quorate serve --help' : `did you mean --${meant}?`;
  return { flag: name, message: `flag provided but not defined: --${name}`, hint };
}
