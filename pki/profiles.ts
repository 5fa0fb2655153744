// What each kind of certificate may be, as data.
import type { NameKind } from './names.js';

/** What may be asked of an authority. */
export type LeafProfile = 'server' | 'peer' | 'client';
export type ProfileName = 'root' | LeafProfile;

export type KeyUsage = 'digitalSignature' | 'keyEncipherment' | 'keyCertSign' | 'cRLSign';
export type ExtendedUsage = 'serverAuth' | 'clientAuth';

export interface Profile {
  readonly keyUsages: readonly KeyUsage[];
  readonly extendedUsages: readonly ExtendedUsage[];
  /** Authorities only: how many authorities may stand below it (RFC 5280 4.2.1.9). */
  readonly pathLength?: number;
  /** The kinds of subject alternative names it may carry. */
  readonly nameKinds: readonly NameKind[];
  /** A certificate that somebody dials needs a name to be found under: the CN is not looked at any more. */
  readonly namesRequired: boolean;
  readonly daysDefault: number;
  readonly daysMax: number;
}

const leaf = { keyUsages: ['digitalSignature'], daysDefault: 365, daysMax: 3650 } as const;

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  root: {
    keyUsages: ['keyCertSign', 'cRLSign'],
    extendedUsages: [],
    // Room for one intermediate.
    pathLength: 1,
    nameKinds: [],
    namesRequired: false,
    daysDefault: 3650,
    daysMax: 36_500,
  },
  // clientAuth: etcd's JSON gateway dials its own client port with the server's certificate (etcd #9785, #8603).
  server: { ...leaf, extendedUsages: ['serverAuth', 'clientAuth'], nameKinds: ['dns', 'ip'], namesRequired: true },
  // Members dial each other: each is client and server.
  peer: { ...leaf, extendedUsages: ['serverAuth', 'clientAuth'], nameKinds: ['dns', 'ip'], namesRequired: true },
  client: {
    ...leaf,
    extendedUsages: ['clientAuth'],
    nameKinds: ['dns', 'ip', 'email', 'uri'],
    namesRequired: false,
  },
};
