import type { Address } from '../transport/address.js';
import { parseDuration } from './durations.js';
import {
  type InitialMember,
  parseAddresses,
  parseBoolean,
  parseMembers,
  parseWhole,
  refuse,
  splitList,
} from './flag-texts.js';

/** One flag: how its text is read, and what `--help` says of it. */
export interface Flag<Value> {
  readonly parse: (text: string) => Value;
  readonly fallback: Value;
  /** The fallback as somebody would write it; empty: there is none. */
  readonly standard: string;
  /** What stands after the flag in `--help`; empty for booleans, which may stand alone. */
  readonly placeholder: string;
  readonly description: string;
  /** Accepted because it is in people's unit files; a warning says that it does nothing here. */
  readonly withoutEffect?: true;
}

export const text = (standard: string, placeholder: string, description: string): Flag<string> => ({
  parse: (value) => value,
  fallback: standard,
  standard,
  placeholder,
  description,
});

export const file = (description: string): Flag<string> => text('', 'FILE', description);

export const boolean = (fallback: boolean, description: string): Flag<boolean> => ({
  parse: parseBoolean,
  fallback,
  standard: String(fallback),
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
  standard: words[0],
  placeholder: words.join('|'),
  description,
});

/** A whole number from `min` to `max`. */
export const whole = (fallback: number, min: number, max: number, description: string): Flag<number> => ({
  parse: (value) => parseWhole(value, min, max),
  fallback,
  standard: String(fallback),
  placeholder: 'N',
  description,
});

/** A duration in Go's syntax, as milliseconds; 0 is off where the description says so. */
export const duration = (standard: string, minMs: number, description: string): Flag<number> => ({
  parse: (value) => {
    const ms = parseDuration(value);
    return ms < minMs ? refuse(`${value} is below ${minMs}ms`) : ms;
  },
  fallback: parseDuration(standard),
  standard,
  placeholder: 'DURATION',
  description,
});

export const urls = (standard: string, description: string): Flag<readonly Address[]> => ({
  parse: parseAddresses,
  fallback: standard === '' ? [] : parseAddresses(standard),
  standard,
  placeholder: 'URL,…',
  description,
});

export const list = (standard: string, placeholder: string, description: string): Flag<readonly string[]> => ({
  parse: splitList,
  fallback: splitList(standard),
  standard,
  placeholder,
  description,
});

export const members = (description: string): Flag<readonly InitialMember[]> => ({
  parse: parseMembers,
  fallback: [],
  standard: '',
  placeholder: 'NAME=URL,…',
  description,
});

/** What etcd needs and this store does not. `why` goes on from "has no effect here: ". */
export const withoutEffect = (standard: string, placeholder: string, why: string): Flag<string> =>
  idle(text(standard, placeholder, why));

/** Read as it is, so that a wrong text is refused, and changes nothing. */
export const idle = <Value>(flag: Flag<Value>): Flag<Value> => ({ ...flag, withoutEffect: true });

/** What is not done here, and where going on without it would be worse than not starting. `standard` is let pass. */
export const refused = (standard: string, placeholder: string, why: string, hint: string): Flag<string> => ({
  ...text(standard, placeholder, `refused: ${why}`),
  parse: (value) => (isSame(value, standard) ? standard : refuse(why, hint)),
});

/** Whether two texts of a flag say the same: `f` is `false`, an empty one nothing. */
export const isSame = (value: string, standard: string): boolean =>
  value === standard || (standard === 'false' && /^(0|f|F|FALSE|False)$/.test(value));
