// May this profile grant this request? Every reason why not, so that a person mends them all at once.
import type { KeyObject } from 'node:crypto';
import { PkiError } from './errors.js';
import { keyReasons } from './keys.js';
import { constraintReasons } from './name-constraints.js';
import { checkName, type SubjectName } from './names.js';
import { type Profile, type ProfileChoice, profileName, profileOf, profileReasons, profiles } from './profiles.js';
import { quote } from './quote.js';

/** What is asked of an authority. */
export interface Request {
  readonly profile: ProfileChoice;
  /** A user's name in the store, a member's host name; empty where the profile wants none. At most 64 characters. */
  readonly commonName: string;
  readonly organization?: string;
  /** Subject alternative names as text, in any order, repeated or not. */
  readonly names: readonly string[];
  readonly days: number;
}

/** One reason against a request, and the field that it is about. */
export interface Refusal {
  readonly field: 'profile' | 'commonName' | 'organization' | 'names' | 'days' | 'key' | 'csr' | 'authority';
  readonly reason: string;
  /** The way out, where it is not the opposite of the reason. */
  readonly hint?: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** X.520's upper bounds for a common name and an organisation (RFC 5280 appendix A.1). */
const attributeLengthMax = 64;
export const namesMax = 100;
const dayMs = 86_400_000;
/** Clocks differ: a certificate is valid a little before it was made (never before its authority). */
const backdatedMs = 5 * 60_000;

export function refusals(
  request: Request,
  authority: Validity & { readonly pem?: string },
  now: Date,
  key?: KeyObject,
): Refusal[] {
  const profile = profileOf(request.profile);
  return [
    ...(typeof request.profile === 'string' ? [] : profileReasons(request.profile)).map((reason) => ({
      field: 'profile' as const,
      reason,
    })),
    ...commonNameReasons(request, profile).map((reason) => ({ field: 'commonName' as const, reason })),
    ...organizationReasons(organizationOf(request)).map((reason) => ({ field: 'organization' as const, reason })),
    ...nameReasons(request, profile).map((reason) => ({ field: 'names' as const, reason })),
    ...constraintRefusals(request, authority),
    ...daysReasons(request.days, profile).map((reason) => ({ field: 'days' as const, reason })),
    ...authorityRefusals(authority, now),
    ...(key === undefined ? [] : keyReasons(key)).map((reason) => ({ field: 'key' as const, reason })),
  ];
}

function constraintRefusals({ names, commonName }: Request, { pem }: { readonly pem?: string }): Refusal[] {
  if (pem === undefined) return [];
  const hint = 'put what is to come into pki.nameConstraints and replace the authority before (quorate cert rotate-ca)';
  return constraintReasons({ pem }, grantedNames(names), commonName).map((reason) => ({
    field: 'names',
    reason,
    hint,
  }));
}

/** The organization that is granted: what is asked for, else the profile's. */
export const organizationOf = ({
  organization,
  profile,
}: Pick<Request, 'organization' | 'profile'>): string | undefined => organization ?? profileOf(profile).organization;

const organizationReasons = (organization: string | undefined): string[] =>
  organization === undefined ? [] : attributeReasons(organization);

function commonNameReasons({ commonName, profile: choice }: Request, profile: Profile): string[] {
  if (profile.commonName === 'required') return attributeReasons(commonName);
  return commonName === ''
    ? []
    : [`a ${profileName(choice)} certificate has none, and ${quote(commonName)} is asked for`];
}

/** @throws PkiError `request-refused` with every reason in `details.refusals`. */
export function refuse(what: string, reasons: readonly Refusal[]): never {
  const list = reasons.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
  const hints = new Set(reasons.flatMap(({ hint }) => (hint === undefined ? [] : [hint])));
  const options = hints.size === 0 ? {} : { hint: [...hints].join('; ') };
  throw new PkiError('request-refused', `no certificate for ${what}: ${list}`, { refusals: reasons }, options);
}

/** Refusals about the subject of an authority itself. */
export function rootRefusals(commonName: string, days: number): Refusal[] {
  return [
    ...attributeReasons(commonName).map((reason) => ({ field: 'commonName' as const, reason })),
    ...daysReasons(days, profiles.root).map((reason) => ({ field: 'days' as const, reason })),
  ];
}

/** The request's names, normalised, each once, in the order given. Call it on a request without refusals. */
export function grantedNames(texts: readonly string[]): SubjectName[] {
  const granted = new Map<string, SubjectName>();
  for (const text of texts) {
    const verdict = checkName(text);
    if (verdict.accepted) granted.set(`${verdict.name.kind}:${verdict.name.value}`, verdict.name);
  }
  return [...granted.values()];
}

/**
 * From a little before `now` for `days`, inside the authority's own time: a leaf that outlives its authority would be
 * refused by every verifier from that day on, and its notAfter would be a lie to whoever plans renewals by it.
 */
export function validity(now: Date, days: number, within?: Validity): Validity {
  // Whole seconds: DER has no fractions here (RFC 5280 4.1.2.5).
  const start = Math.floor(now.getTime() / 1000) * 1000;
  const notBefore = Math.max(start - backdatedMs, within?.notBefore.getTime() ?? Number.NEGATIVE_INFINITY);
  const notAfter = Math.min(start + days * dayMs, within?.notAfter.getTime() ?? Number.POSITIVE_INFINITY);
  return { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
}

/** What is wrong with a common name or an organisation. */
export function attributeReasons(text: string): string[] {
  const reasons: string[] = [];
  const length = [...text].length;
  if (length === 0) reasons.push('it is empty');
  if (length > attributeLengthMax)
    reasons.push(`it has ${length} characters, at most ${attributeLengthMax} are allowed`);
  if (/\p{C}/u.test(text)) reasons.push('it contains a control or invisible character');
  if (text !== text.trim()) reasons.push('it begins or ends with white space');
  if (text !== text.normalize('NFC')) reasons.push('it is not in the normal form of Unicode (NFC)');
  return reasons;
}

function nameReasons({ names, profile: choice }: Request, profile: Profile): string[] {
  const reasons: string[] = [];
  if (names.length > namesMax) return [`there are ${names.length}, at most ${namesMax} are allowed`];
  if (names.length === 0 && profile.namesRequired) {
    reasons.push(`a ${profileName(choice)} certificate needs the names and addresses that ${whatNamesAreFor(profile)}`);
  }
  for (const text of names) {
    const verdict = checkName(text);
    if (!verdict.accepted) reasons.push(...verdict.reasons.map((reason) => `${quote(text)}: ${reason}`));
    else if (!profile.nameKinds.includes(verdict.name.kind)) {
      reasons.push(`${quote(text)}: a ${profileName(choice)} certificate carries no ${verdict.name.kind} names`);
    }
  }
  return reasons;
}

const whatNamesAreFor = ({ extendedUsages }: Profile): string =>
  extendedUsages.includes('serverAuth') ? 'it is dialled by' : 'say whose it is';

function daysReasons(days: number, { daysMax }: Profile): string[] {
  const allowed = Number.isInteger(days) && days >= 1 && days <= daysMax;
  return allowed ? [] : [`${days} is no whole number from 1 to ${daysMax}`];
}

function authorityRefusals({ notBefore, notAfter }: Validity, now: Date): Refusal[] {
  const at = `the clock says ${now.toISOString()}`;
  if (now >= notAfter) {
    const hint = 'quorate cert rotate-ca puts another one in its place, which issues everything again';
    return [{ field: 'authority', reason: `it expired at ${notAfter.toISOString()}, and ${at}`, hint }];
  }
  if (now >= notBefore) return [];
  const hint = 'set the clock of this machine, or wait if it was wrong when the authority was made';
  return [{ field: 'authority', reason: `it is not valid before ${notBefore.toISOString()}, and ${at}`, hint }];
}
