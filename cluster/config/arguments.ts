import { isFlagName } from './flags.js';
import { isSwitch, successorOf } from './renamed-flags.js';
import { type Notes, unknownFlag, WrittenFlags } from './written-flags.js';

/**
 * Splits a command line by the rules of Go's `flag` package: `--x=v`, `--x v`, one dash or two; a boolean takes its
 * value only after `=`. The last one given wins.
 */
export function readArguments(args: readonly string[], notes: Notes): WrittenFlags {
  const written = new WrittenFlags(notes);
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? '';
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument);
    const name = match?.[1];
    if (name === undefined) {
      notes.complaints.push({ flag: argument, message: `'${argument}' is not a valid flag` });
      continue;
    }
    if (!isFlagName(name) && successorOf(name) === undefined) {
      notes.complaints.push(unknownFlag(name));
      if (match?.[2] === undefined && isValue(args[at + 1])) at++;
      continue;
    }
    const text = match?.[2] ?? (isSwitch(name) ? 'true' : args[++at]);
    if (text === undefined) notes.complaints.push({ flag: name, message: `flag needs an argument: --${name}` });
    else written.take(name, { text, source: `--${name}` });
  }
  return written;
}

// What follows an unknown flag is taken for its value, so that it is not complained about twice.
const isValue = (next: string | undefined): boolean => next !== undefined && !next.startsWith('-');
