import { ClusterError } from '../errors.js';
import { type Address, parseAddress } from '../transport/address.js';

// How the texts of flags are read. All of these throw ClusterError flag-refused, in etcd's words where it has some.

/** One member of `--initial-cluster`. */
export interface InitialMember {
  readonly name: string;
  readonly urls: readonly Address[];
}

export const refuse = (message: string, hint?: string): never => {
  throw new ClusterError('flag-refused', message, {}, hint === undefined ? {} : { hint });
};

export const splitList = (value: string): readonly string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** The spellings of Go's strconv.ParseBool, since unit files were written for it. */
export function parseBoolean(value: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  return refuse(`invalid boolean value "${value}"`);
}

export function parseWhole(value: string, min: number, max: number): number {
  const number = /^[+-]?\d{1,20}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) return refuse(`invalid value "${value}": not a whole number`);
  if (number < min || number > max) return refuse(`${number} is outside of ${min} to ${max}`);
  return number;
}

export function parseAddresses(value: string): readonly Address[] {
  const addresses = splitList(value).map(parseAddress);
  if (addresses.length === 0) return refuse('no valid URLs given');
  return addresses;
}

export function parseMembers(value: string): readonly InitialMember[] {
  const byName = new Map<string, Address[]>();
  for (const part of splitList(value)) {
    const at = part.indexOf('=');
    if (at < 1) refuse(`"${part}" does not have the form NAME=URL`);
    const name = part.slice(0, at);
    byName.set(name, [...(byName.get(name) ?? []), parseAddress(part.slice(at + 1))]);
  }
  return [...byName].map(([name, addresses]) => ({ name, urls: addresses }));
}
