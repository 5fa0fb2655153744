// May this profile grant this request? Every reason why not, so that a person mends them all at once.
import type { KeyObject } from 'node:crypto';
import { PkiError } from './errors.js';
import { describeKey, keyTypeOf } from './keys.js';
import { checkName, type SubjectName } from './names.js';
import { type LeafProfile, type Profile, profiles } from './profiles.js';

/** What is asked of an authority. */
export interface Request {
  readonly profile: LeafProfile;
  /** A user's name in the store, a member's host name. At most 64 characters. */
  readonly commonName: string;
  readonly organization?: string;
  /** Subject alternative names as text, in any order, repeated or not. */
  readonly names: readonly string[];
  readonly days: number;
}

/** One reason against a request, and the field that it is about. */
export interface Refusal {
  readonly field: 'commonName' | 'organization' | 'names' | 'days' | 'key' | 'authority';
  readonly reason: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** X.520's upper bounds for a common name and an organisation (RFC 5280 appendix A.1). */
const attributeLengthMax = 64;
const namesMax = 100;
const dayMs = 86_400_000;
/** Clocks differ: a certificate is valid a little before it was made (never before its authority). */
const backdatedMs = 5 * 60_000;

export function refusals(request: Request, authority: Validity, now: Date, key?: KeyObject): Refusal[] {
  const profile = profiles[request.profile];
  return [
    ...attributeReasons(request.commonName).map((reason) => ({ field: 'commonName' as const, reason })),
    ...(request.organization === undefined ? [] : attributeReasons(request.organization)).map((reason) => ({
      field: 'organization' as const,
      reason,
    })),
    ...nameReasons(request, profile).map((reason) => ({ field: 'names' as const, reason })),
    ...daysReasons(request.days, profile).map((reason) => ({ field: 'days' as const, reason })),
    ...authorityReasons(authority, now).map((reason) => ({ field: 'authority' as const, reason })),
    ...(key === undefined || keyTypeOf(key) !== undefined
      ? []
      : [{ field: 'key' as const, reason: `a key of type ${describeKey(key)} is not certified` }]),
  ];
}

/** @throws PkiError `request-refused` with every reason in `details.refusals`. */
export function refuse(what: string, reasons: readonly Refusal[]): never {
  const list = reasons.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
  throw new PkiError('request-refused', `no certificate for ${what}: ${list}`, { refusals: reasons });
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

function attributeReasons(text: string): string[] {
  const reasons: string[] = [];
  const length = [...text].length;
  if (length === 0) reasons.push('it is empty');
  if (length > attributeLengthMax)
    reasons.push(`it has ${length} characters, at most ${attributeLengthMax} are allowed`);
  if (/\p{C}/u.test(text)) reasons.push('it contains a control or invisible character');
  if (text !== text.trim()) reasons.push('it begins or ends with white space');
  return reasons;
}

function nameReasons({ names, profile: profileName }: Request, profile: Profile): string[] {
  const reasons: string[] = [];
  if (names.length > namesMax) return [`there are ${names.length}, at most ${namesMax} are allowed`];
  if (names.length === 0 && profile.namesRequired) {
    reasons.push(`a ${profileName} certificate needs the names and addresses that it is dialled by`);
  }
  for (const text of names) {
    const verdict = checkName(text);
    if (!verdict.accepted) reasons.push(...verdict.reasons.map((reason) => `${JSON.stringify(text)}: ${reason}`));
    else if (!profile.nameKinds.includes(verdict.name.kind)) {
      reasons.push(`${JSON.stringify(text)}: a ${profileName} certificate carries no ${verdict.name.kind} names`);
    }
  }
  return reasons;
}

function daysReasons(days: number, { daysMax }: Profile): string[] {
  const allowed = Number.isInteger(days) && days >= 1 && days <= daysMax;
  return allowed ? [] : [`${days} is no whole number from 1 to ${daysMax}`];
}

function authorityReasons({ notBefore, notAfter }: Validity, now: Date): string[] {
  if (now >= notAfter) return [`it expired at ${notAfter.toISOString()}`];
  return now < notBefore
    ? [`it is not valid before ${notBefore.toISOString()}, and the clock says ${now.toISOString()}`]
    : [];
}
