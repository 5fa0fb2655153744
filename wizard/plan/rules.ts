import { isIP } from 'node:net';
import { parseSubtree, tokenUriReasons } from '#pki';
import { quoted } from '../shown.js';
import { isUnspecified, isUnusable } from './address.js';
import type { Objection } from './complaints.js';
import { lookObjection } from './look-alikes.js';
import { root } from './plan.js';

// What a single value must look like. The plan's shape and the wizard's prompts ask the same rules.

/** undefined: nothing to object to. */
export type Rule<T> = (value: T) => Objection | undefined;

// X.520 ub-common-name: a certificate's common name has at most 64 characters.
const commonNameLengthMax = 64;
// The authority's common name is the cluster's name and " CA".
const clusterNameLengthMax = commonNameLengthMax - 3;
const roleNameLengthMax = 128;
const hostNameLengthMax = 253;
const authorityDaysMax = 36_500;
const certificateDaysMax = 3650;

const plainName = /^[\p{L}\p{N}_][\p{L}\p{N}._@+-]*$/u;
const hostLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const controlCharacter = /\p{Cc}/u;

function nameRule(kind: string, lengthMax: number): Rule<string> {
  return (value) => {
    if (value === '') return { what: `a ${kind} may not be empty` };
    if (value.length > lengthMax)
      return { what: `a ${kind} has at most ${lengthMax} characters, this one has ${value.length}` };
    if (plainName.test(value)) return undefined;
    const hint = 'letters, digits and . _ - @ + are fine, the first being a letter, a digit or _';
    return { what: `${quoted(value)} can't be a ${kind}: it names files and certificates`, hint };
  };
}

export const clusterNameRule = nameRule('cluster name', clusterNameLengthMax);
const plainUserName = nameRule('user name', commonNameLengthMax);

export const userNameRule: Rule<string> = (value) =>
  value.toLowerCase() === 'ca'
    ? { what: `${value} can't be a user name: ca.crt in its kit is the authority's`, hint: 'choose another name' }
    : (plainUserName(value) ?? lookObjection(value));

export const roleNameRule: Rule<string> = (value) => {
  if (value === '') return { what: 'a role name may not be empty' };
  if (value.length > roleNameLengthMax)
    return { what: `a role name has at most ${roleNameLengthMax} characters, this one has ${value.length}` };
  if (controlCharacter.test(value)) return { what: `${quoted(value)} has a control character` };
  if (value !== root) return undefined;
  return {
    what: 'the role root is built in and may do everything',
    hint: 'choose another name, or give users the role root without declaring it',
  };
};

const isHostName = (value: string): boolean =>
  value.length <= hostNameLengthMax && value.split('.').every((label) => hostLabel.test(label));

/** A user of the store that need not have a certificate: any text that can be read. */
export const storeUserRule: Rule<string> = (value) => {
  if (value === '') return { what: 'a user name may not be empty' };
  return controlCharacter.test(value) ? { what: `${quoted(value)} has a control character` } : undefined;
};

/** A member's name stands in its certificates, in `name=url` lists and in file names: it must do as a host name. */
export const memberNameRule: Rule<string> = (value) => {
  if (value === '') return { what: 'a member name may not be empty' };
  if (value.length > commonNameLengthMax)
    return { what: `a member name has at most ${commonNameLengthMax} characters, this one has ${value.length}` };
  const hint = 'letters, digits, - and . are fine, as in host names: m1, store-1.example.org';
  if (!isHostName(value) || isIP(value) !== 0) return { what: `${quoted(value)} can't be a member name`, hint };
  return value.toLowerCase() === 'localhost' ? { what: "localhost can't be a member name", hint } : undefined;
};

/** An IP address or DNS name that others can dial. */
export const hostRule: Rule<string> = (value) => {
  if (value === '') return { what: 'a host may not be empty' };
  if (/^[a-z]+:\/\//i.test(value))
    return { what: `${quoted(value)} is a URL`, hint: 'only the address or name: no https://, no port' };
  if (/^\[.*\]$/.test(value)) return { what: `${quoted(value)} has brackets`, hint: `write ${value.slice(1, -1)}` };
  if (value.includes('%'))
    return { what: `${quoted(value)} has a zone: a certificate can't carry one`, hint: 'use an address without %' };
  if (isUnspecified(value))
    return {
      what: `${value} is no address that others can dial`,
      hint: 'members listen where they need to; name the address they are reached at',
    };
  if (isUnusable(value)) return { what: `${value} is a multicast or broadcast address` };
  if (isIP(value) !== 0) return undefined;
  // A name whose last label is a number is taken for an IPv4 address by URL parsers (WHATWG URL, "ends in a number").
  if (/(^|\.)\d+$/.test(value))
    return { what: `${quoted(value)} is no IPv4 address`, hint: 'four numbers from 0 to 255' };
  if (isHostName(value)) return undefined;
  const port = /^[^:]+:\d+$/.test(value) ? 'the port goes into clientPort and peerPort' : 'an IP address or a DNS name';
  return { what: `${quoted(value)} is neither a DNS name nor an IP address`, hint: port };
};

export const portRule: Rule<number> = (value) =>
  Number.isInteger(value) && value >= 1 && value <= 65_535
    ? undefined
    : { what: `${value} is no port`, hint: 'a whole number from 1 to 65535' };

const days =
  (daysMax: number): Rule<number> =>
  (value) =>
    Number.isInteger(value) && value >= 1 && value <= daysMax
      ? undefined
      : { what: `${value} is no number of days`, hint: `a whole number from 1 to ${daysMax}` };

export const authorityDaysRule = days(authorityDaysMax);
export const certificateDaysRule = days(certificateDaysMax);

/** X.520 ub-organization-name. */
export const organizationRule: Rule<string> = (value) => {
  if (value === '' || value !== value.trim()) return { what: 'an organization is neither empty nor padded' };
  if (value.length > commonNameLengthMax)
    return { what: `an organization has at most ${commonNameLengthMax} characters, this one has ${value.length}` };
  return /\p{C}/u.test(value) ? { what: `${quoted(value)} has a character that can't be seen` } : undefined;
};

/** What an authority may be kept to. */
export const subtreeRule: Rule<string> = (value) =>
  parseSubtree(value) === undefined
    ? {
        what: `${quoted(value)} is neither a domain nor a network`,
        hint: 'example.org, 10.0.0.0/8, 10.0.0.1, fd00::/8',
      }
    : undefined;

/** Where on a token a key is. */
export const tokenRule: Rule<string> = (value) => {
  const reasons = tokenUriReasons(value);
  const hint = 'pkcs11:token=NAME;object=NAME?module-path=/usr/lib/softhsm/libsofthsm2.so';
  return reasons.length === 0 ? undefined : { what: `names no key on a token: ${reasons.join('; ')}`, hint };
};

export const imageRule: Rule<string> = (value) =>
  /^[\w][\w.\-/:@]*$/.test(value) ? undefined : { what: `${quoted(value)} is no container image reference` };
