import { join } from 'node:path';
import type { RunMode } from './plan/plan.js';

// Where things stand in DIR, relative to it. People and scripts rely on these places.

export const planFile = 'quorate.yaml';
export const pkiFolder = 'pki';

/** While the authority is rotated, wizard/rotation/stage.ts: which of them is there says how far it is. */
export const nextPkiFolder = 'pki-next';
export const oldPkiFolder = 'pki-old';
export const droppedPkiFolder = 'pki-dropped';
/** Authorities that nobody trusts any more. */
export const retiredFolder = (serial: string): string => join('retired', `pki-${serial.slice(0, 16)}`);

/** Where what a plan has no more is set aside. */
export const retired = (path: string, now: Date): string =>
  join('retired', `${path}-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`);

export const runFolder = 'run';
export const dataFolder = 'data';

/** The part of a member's tree that holds its certificates, keys and settings; the same path on the member's host. */
const memberEtc = 'etc/quorate';

export const membersFolder = 'members';
export const kitsFolder = 'users';
export const memberTree = (member: string): string => join(membersFolder, member);
export const memberFolder = (member: string): string => join(memberTree(member), memberEtc);
export const memberData = (member: string): string => join(dataFolder, member);
export const kitFolder = (user: string): string => join(kitsFolder, user);

/** Single certificates that were issued by hand, by their profile. */
export const issuedFolder = (profile: string): string => join('issued', profile);

export const hostCertificateFolder = `/${memberEtc}`;

/** What a member reads while it runs, with the authority's revocation list: in DER, as every etcd reads it. */
export const revocationFile = 'ca.crl.der';

/**
 * In a member's tree, as on its host. A unit has copies of what is in its other folder, made when it starts, and no right to read
 * that folder: what changes while it runs stands beside it.
 */
export const revocationFolder = (run: RunMode): string => (run === 'systemd' ? `${memberEtc}-crl` : memberEtc);

/** More than a million entries. */
export const revocationListSizeMax = 64 * 1024 * 1024;

/** On the member's host. */
export const hostRevocations = (run: RunMode): string => `/${join(revocationFolder(run), revocationFile)}`;

/** A member's copy in DIR. */
export const memberRevocations = (run: RunMode, member: string): string =>
  join(memberTree(member), revocationFolder(run), revocationFile);

/** The names of a member's files in its folder. */
export const memberFiles = {
  ca: 'ca.crt',
  serverCertificate: 'server.crt',
  serverKey: 'server.key',
  peerCertificate: 'peer.crt',
  peerKey: 'peer.key',
  environment: 'member.env',
  access: 'initial-access.json',
} as const;

/** The files of a user's kit, relative to DIR. */
export const kitFiles = (user: string) => {
  const at = (name: string): string => join(kitFolder(user), name);
  return {
    ca: at('ca.crt'),
    certificate: at(`${user}.crt`),
    key: at(`${user}.key`),
    csr: at(`${user}.csr`),
    environment: at(`${user}.env`),
    password: at(`${user}.password`),
    letter: at('README.md'),
  };
};
