import type { Flag } from './flag-kinds.js';
import { clusterFlags, limitFlags, memberFlags } from './flags-member.js';
import { flagsWithoutEffect, refusedFlags } from './flags-other.js';
import { authFlags, clientTlsFlags, httpFlags, loggingFlags, peerTlsFlags, tlsFlags } from './flags-security.js';
import { upkeepFlags } from './flags-upkeep.js';

// Every flag of etcd 3.4 to 3.6, and ours. Names, defaults and meanings: https://etcd.io/docs/v3.6/op-guide/configuration/
// What older versions called otherwise: renamed-flags.

/** As `--help` shows them. */
export const flagGroups = {
  Member: memberFlags,
  Limits: limitFlags,
  Cluster: clusterFlags,
  'TLS for clients': clientTlsFlags,
  'TLS between members': peerTlsFlags,
  'TLS for both': tlsFlags,
  Authentication: authFlags,
  HTTP: httpFlags,
  'Upkeep and monitoring': upkeepFlags,
  Logging: loggingFlags,
  'Not done here': refusedFlags,
  'Without effect here': flagsWithoutEffect,
} as const satisfies Record<string, Record<string, Flag<unknown>>>;

export const flags = {
  ...memberFlags,
  ...limitFlags,
  ...clusterFlags,
  ...clientTlsFlags,
  ...peerTlsFlags,
  ...tlsFlags,
  ...authFlags,
  ...httpFlags,
  ...upkeepFlags,
  ...loggingFlags,
  ...refusedFlags,
  ...flagsWithoutEffect,
} as const satisfies Record<string, Flag<unknown>>;

export type FlagName = keyof typeof flags;
export const flagNames = Object.keys(flags) as readonly FlagName[];
export const isFlagName = (name: string): name is FlagName => Object.hasOwn(flags, name);

/** Every flag's value, given or by default. */
export type FlagValues = {
  readonly [Name in FlagName]: (typeof flags)[Name] extends Flag<infer Value> ? Value : never;
};
