import { ClusterError } from '../errors.js';
import { type Address, parseAddress } from '../transport/address.js';

/** One flag: how its text is read, and what `--help` says of it. */
export interface Flag<Value> {
  readonly parse: (text: string) => Value;
  readonly fallback: Value;
  /** What stands after the flag in `--help`; empty for booleans, which may stand alone. */
  readonly placeholder: string;
  readonly description: string;
  /** Accepted because it is in people's unit files; a warning says that it does nothing here. */
  readonly ignored?: true;
}

/** One member of `--initial-cluster`. */
export interface InitialMember {
  readonly name: string;
  readonly urls: readonly Address[];
}

const refuse = (message: string): never => {
  throw new ClusterError('flag-refused', message);
};

export const text = (fallback: string, placeholder: string, description: string): Flag<string> => ({
  parse: (value) => value,
  fallback,
  placeholder,
  description,
});

export const boolean = (fallback: boolean, description: string): Flag<boolean> => ({
  parse: parseBoolean,
  fallback,
  placeholder: '',
  description,
});

/** One of a few words; the first is the default. */
export const choice = <const Words extends readonly [string, ...string[]]>(
  words: Words,
  description: string,
): Flag<Words[number]> => ({
  parse: (value) => words.find((known) => known === value) ?? refuse(`"${value}" is not one of ${words.join(', ')}`),
  fallback: words[0],
  placeholder: words.join('|'),
  description,
});

/** A whole number from `min` to `max`. */
export const whole = (fallback: number, min: number, max: number, description: string): Flag<number> => ({
  parse: (value) => parseWhole(value, min, max),
  fallback,
  placeholder: 'N',
  description,
});

export const urls = (fallback: string, description: string): Flag<readonly Address[]> => ({
  parse: parseAddresses,
  fallback: fallback === '' ? [] : parseAddresses(fallback),
  placeholder: 'URL,…',
  description,
});

export const list = (fallback: string, placeholder: string, description: string): Flag<readonly string[]> => ({
  parse: splitList,
  fallback: splitList(fallback),
  placeholder,
  description,
});

export const members = (description: string): Flag<readonly InitialMember[]> => ({
  parse: parseMembers,
  fallback: [],
  placeholder: 'NAME=URL,…',
  description,
});

const splitList = (value: string): readonly string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

// The spellings of Go's strconv.ParseBool, since unit files were written for it.
function parseBoolean(value: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  return refuse(`invalid boolean value "${value}"`);
}

function parseWhole(value: string, min: number, max: number): number {
  const number = /^[+-]?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) return refuse(`invalid value "${value}": not a whole number`);
  if (number < min || number > max) return refuse(`${number} is outside of ${min} to ${max}`);
  return number;
}

function parseAddresses(value: string): readonly Address[] {
  const addresses = splitList(value).map(parseAddress);
  if (addresses.length === 0) return refuse('no valid URLs given');
  return addresses;
}

function parseMembers(value: string): readonly InitialMember[] {
  const byName = new Map<string, Address[]>();
  for (const part of splitList(value)) {
    const at = part.indexOf('=');
    if (at < 1) refuse(`"${part}" does not have the form NAME=URL`);
    const name = part.slice(0, at);
    byName.set(name, [...(byName.get(name) ?? []), parseAddress(part.slice(at + 1))]);
  }
  return [...byName].map(([name, addresses]) => ({ name, urls: addresses }));
}
