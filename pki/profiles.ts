// What each kind of certificate may be, as data.
import type { NameKind } from './names.js';

/** What may be asked of an authority without being declared anywhere. */
export const leafProfiles = [
  'server',
  'peer',
  'client',
  'healthcheck-client',
  'apiserver-etcd-client',
  'proxy-client',
  'metrics-client',
] as const;
export type LeafProfile = (typeof leafProfiles)[number];

export type KeyUsage = 'digitalSignature' | 'keyEncipherment' | 'keyCertSign' | 'cRLSign';
export type ExtendedUsage = 'serverAuth' | 'clientAuth';

/** What is the same for what is built in and what a plan declares. */
interface LeafRules {
  readonly extendedUsages: readonly ExtendedUsage[];
  /** The kinds of subject alternative names it may carry. */
  readonly nameKinds: readonly NameKind[];
  /** A certificate that somebody dials needs a name to be found under: the CN is not looked at any more. */
  readonly namesRequired: boolean;
  /** `absent`: there must be none, and the names say whose it is (RFC 5280 4.2.1.6). */
  readonly commonName: 'required' | 'absent';
  /** In its subject unless the request has another. */
  readonly organization?: string;
  readonly daysDefault: number;
  readonly daysMax: number;
}

export interface Profile extends LeafRules {
  readonly keyUsages: readonly KeyUsage[];
  /** Authorities only: how many authorities may stand below it (RFC 5280 4.2.1.9). */
  readonly pathLength?: number;
  /** The common name when none is asked for. */
  readonly commonNameDefault?: string;
}

/** A profile that a plan declares. It has no word for what only authorities may do. */
export interface CustomProfile extends LeafRules {
  readonly name: string;
}

/** A built-in profile by its name, or one that was declared. */
export type ProfileChoice = LeafProfile | CustomProfile;

/** The longest that any leaf is valid, in days. */
export const leafDaysMax = 3650;

const leaf = {
  keyUsages: ['digitalSignature'],
  commonName: 'required',
  daysDefault: 365,
  daysMax: leafDaysMax,
} as const;

const both: readonly ExtendedUsage[] = ['serverAuth', 'clientAuth'];
/** Carries no names: etcd compares those of a client with its address on https metrics URLs, and lets pass who has none. */
const namelessClient = { ...leaf, extendedUsages: ['clientAuth'], nameKinds: [], namesRequired: false } as const;
/** A program's certificate, which is renewed by a program: three years are for the one that nobody looks after. */
const machineDaysMax = 1095;

export const profiles: Readonly<Record<'root' | 'intermediate' | LeafProfile, Profile>> = {
  root: {
    keyUsages: ['keyCertSign', 'cRLSign'],
    extendedUsages: [],
    // Room for one intermediate.
    pathLength: 1,
    nameKinds: [],
    namesRequired: false,
    commonName: 'required',
    daysDefault: 3650,
    daysMax: 36_500,
  },
  intermediate: {
    keyUsages: ['keyCertSign', 'cRLSign'],
    extendedUsages: [],
    // It signs leaves only.
    pathLength: 0,
    nameKinds: [],
    namesRequired: false,
    commonName: 'required',
    daysDefault: 1825,
    daysMax: 36_500,
  },
  // clientAuth: etcd's JSON gateway dials its own client port with the server's certificate (etcd #9785, #8603).
  server: { ...leaf, extendedUsages: both, nameKinds: ['dns', 'ip'], namesRequired: true },
  // Members dial each other: each is client and server.
  peer: { ...leaf, extendedUsages: both, nameKinds: ['dns', 'ip'], namesRequired: true },
  client: {
    ...leaf,
    extendedUsages: ['clientAuth'],
    nameKinds: ['dns', 'ip', 'email', 'uri'],
    namesRequired: false,
  },
  // The common names are kubeadm's.
  'healthcheck-client': {
    ...namelessClient,
    daysMax: machineDaysMax,
    commonNameDefault: 'kube-etcd-healthcheck-client',
  },
  'apiserver-etcd-client': {
    ...namelessClient,
    daysMax: machineDaysMax,
    commonNameDefault: 'kube-apiserver-etcd-client',
  },
  // With a common name every request through the proxy would be that user's: etcd refuses to start such a proxy.
  'proxy-client': {
    ...leaf,
    extendedUsages: ['clientAuth'],
    nameKinds: ['dns', 'ip'],
    namesRequired: true,
    commonName: 'absent',
    daysMax: machineDaysMax,
  },
  'metrics-client': { ...namelessClient, daysMax: machineDaysMax, commonNameDefault: 'metrics' },
};

export const isLeafProfile = (name: string): name is LeafProfile => leafProfiles.some((each) => each === name);

/** What the profile is called: in the ledger, in messages. */
export const profileName = (choice: ProfileChoice): string => (typeof choice === 'string' ? choice : choice.name);

/** What may be in a certificate of this profile. A declared one gets what every leaf has, and nothing else. */
export function profileOf(choice: ProfileChoice): Profile {
  if (typeof choice === 'string') return profiles[choice];
  // Field by field: whatever else the object holds does not come along.
  const { extendedUsages, nameKinds, namesRequired, commonName, organization, daysDefault, daysMax } = choice;
  const rules = { extendedUsages, nameKinds, namesRequired, commonName, daysDefault, daysMax };
  return { ...rules, keyUsages: leaf.keyUsages, ...(organization === undefined ? {} : { organization }) };
}

const reservedNames: readonly string[] = [...leafProfiles, 'root', 'ca', 'intermediate', 'authority'];

/** Everything that keeps a declared profile from being used. Asked when a plan is read, and again before anything is signed. */
export function profileReasons(profile: CustomProfile): string[] {
  const { name, extendedUsages, nameKinds, namesRequired, commonName, daysDefault, daysMax } = profile;
  const reasons: string[] = [];
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name))
    reasons.push('its name is not a-z, 0-9 and "-", 40 at most, a letter first');
  if (reservedNames.includes(name)) reasons.push(`${name} is built in`);
  if (extendedUsages.length === 0) reasons.push('it has no usage: serverAuth, clientAuth or both');
  if (new Set(extendedUsages).size !== extendedUsages.length) reasons.push('it has a usage twice');
  if (extendedUsages.some((usage) => !both.includes(usage))) reasons.push('it has a usage that is not known');
  const dialled = nameKinds.includes('dns') || nameKinds.includes('ip');
  if (extendedUsages.includes('serverAuth') && !(namesRequired && dialled)) {
    reasons.push('with serverAuth it needs names of the kind dns or ip: nobody could dial it');
  }
  if (namesRequired && nameKinds.length === 0) reasons.push('it needs names, and allows no kind of them');
  if (commonName === 'absent' && !namesRequired) reasons.push('without a common name it needs names');
  if (!isDays(daysMax, leafDaysMax)) reasons.push(`its daysMax is no whole number from 1 to ${leafDaysMax}`);
  else if (!isDays(daysDefault, daysMax)) reasons.push(`its days are no whole number from 1 to ${daysMax}`);
  return reasons;
}

const isDays = (days: number, max: number): boolean => Number.isInteger(days) && days >= 1 && days <= max;
