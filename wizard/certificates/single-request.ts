import { checkName, type KeyType, keyTypes, leafDaysMax, type Profile, type ProfileChoice, profileOf } from '#pki';
import { peerMark } from '../artifacts/member-settings.js';
import { memberNames } from '../artifacts/members.js';
import type { Given } from '../commands/command.js';
import { WizardError } from '../errors.js';
import type { Objection } from '../plan/complaints.js';
import { nearest } from '../plan/nearest.js';
import { type Plan, usersOf } from '../plan/plan.js';
import { findProfile, profileNames } from '../plan/profiles.js';
import { type Bearer, nameObjection } from './bearer-names.js';

/** One certificate, as a person asks for it and the plan completes it. */
export interface SingleRequest {
  readonly profile: ProfileChoice;
  readonly commonName: string;
  readonly organization?: string;
  /** Those of the plan, and those that were given. */
  readonly names: readonly string[];
  readonly days: number;
  readonly keyType: KeyType;
  /** What its files are called: NAME as it was given, which is the common name where there is one. */
  readonly fileName: string;
  /** What a person should know about what they ask for. */
  readonly notes: readonly string[];
}

const texts = (value: Given[string]): readonly string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
const text = (value: Given[string]): string | undefined => (typeof value === 'string' ? value : undefined);

/** The command line of `cert issue`, with what the plan adds. @throws WizardError `usage` with everything that is wrong */
export function parseSingleRequest(given: Given, plan: Plan): SingleRequest {
  const found = findProfile(plan, String(given.profile));
  if (found === undefined) {
    throw usage([
      noSuch('profile', given.profile, profileNames(plan)),
      ...keyObjections(given),
      ...daysObjections(given),
    ]);
  }
  const profile = profileOf(found.choice);
  const bearer = bearerOf(profile);
  const name = text(given.name) ?? profile.commonNameDefault ?? '';
  const objection = nameObjection(bearer, name, plan);
  const wrong = [
    ...(objection === undefined ? [] : [objection]),
    ...keyObjections(given),
    ...daysObjections(given, profile.daysMax),
    ...(found.choice === 'peer' ? [] : markObjections([name, ...texts(given.san)])),
  ];
  if (wrong.length > 0) throw usage(wrong);
  const days = given.days === undefined ? daysOf(found.choice, plan) : Number(given.days);
  return complete({ given, plan, found, name, bearer, days });
}

function keyObjections({ keyType, csr }: Given): Objection[] {
  if (keyType === undefined) return [];
  const known = keyTypes.some((type) => type === keyType);
  return [...(known ? [] : [noSuch('--key-type', keyType, keyTypes)]), ...(csr === undefined ? [] : [keyIsBrought])];
}

function daysObjections({ days }: Given, daysMax = leafDaysMax): Objection[] {
  const allowed = days === undefined || (/^\d+$/.test(String(days)) && Number(days) >= 1 && Number(days) <= daysMax);
  return allowed ? [] : [{ what: `--days: ${days} is no whole number from 1 to ${daysMax}` }];
}

/** Whoever has a name below this one is a peer to members of etcd. */
const markDomain = peerMark.slice(peerMark.indexOf('.'));

const markObjections = (names: readonly string[]): Objection[] =>
  names
    .filter((name) => {
      const verdict = checkName(name);
      return verdict.accepted && `.${verdict.name.value}`.endsWith(markDomain);
    })
    .map((name) => ({ what: `${name} makes a peer of whoever has it`, hint: 'the profile peer carries it by itself' }));

interface Checked {
  readonly given: Given;
  readonly plan: Plan;
  readonly found: { readonly choice: ProfileChoice; readonly keyType?: KeyType };
  readonly name: string;
  readonly bearer: Bearer;
  readonly days: number;
}

function complete({ given, plan, found, name, bearer, days }: Checked): SingleRequest {
  const { choice } = found;
  const member = bearer === 'member' ? plan.members.find((each) => each.name === name) : undefined;
  const user = bearer === 'user' ? usersOf(plan).find((each) => each.name === name) : undefined;
  const own =
    member !== undefined && (choice === 'server' || choice === 'peer') ? memberNames(plan, member, choice) : [];
  const organization = text(given.organization);
  const asked = keyTypes.find((type) => type === given.keyType);
  return {
    profile: choice,
    commonName: bearer === 'nobody' ? '' : name,
    names: [...(bearer === 'nobody' ? [name] : own), ...texts(given.san)],
    days,
    keyType: asked ?? found.keyType ?? member?.keyType ?? user?.keyType ?? plan.pki.keyType,
    fileName: name,
    notes: bearer === 'user' && user === undefined && choice !== 'metrics-client' ? [unknownUser(name)] : [],
    ...(organization === undefined ? {} : { organization }),
  };
}

/** Who dials it needs a host's name; a client's common name is the store's user; without one it is nobody's. */
const bearerOf = ({ commonName, extendedUsages }: Profile): Bearer =>
  commonName === 'absent' ? 'nobody' : extendedUsages.includes('serverAuth') ? 'member' : 'user';

function daysOf(choice: ProfileChoice, { pki }: Plan): number {
  const { daysDefault, daysMax } = profileOf(choice);
  return typeof choice === 'string' ? Math.min(pki.certDays, daysMax) : daysDefault;
}

const unknownUser = (name: string): string =>
  `there is no user ${name} in the plan: a store with auth on knows nobody of that name until there is`;

const keyIsBrought: Objection = { what: '--key-type has no say where --csr brings the key' };

function noSuch(what: string, value: Given[string], choices: readonly string[]): Objection {
  const meant = nearest(String(value), choices);
  const hint = meant === undefined ? `one of ${choices.join(', ')}` : `did you mean ${meant}?`;
  return { what: `${what}: there is no ${JSON.stringify(value)}`, hint };
}

function usage(objections: readonly Objection[]): WizardError {
  const hints = objections.flatMap(({ hint }) => (hint === undefined ? [] : [hint]));
  const hint = hints.length > 0 ? [...new Set(hints)].join('; ') : 'quorate cert issue --help has examples';
  return new WizardError('usage', objections.map(({ what }) => what).join('; '), { objections }, { hint });
}
