import { join } from 'node:path';

// Where things stand in DIR, relative to it. People and scripts rely on these places.

export const planFile = 'quorate.yaml';
export const pkiFolder = 'pki';
export const runFolder = 'run';
export const dataFolder = 'data';

/** The part of a member's tree that holds its certificates, keys and settings; the same path on the member's host. */
const memberEtc = 'etc/quorate';

export const memberTree = (member: string): string => join('members', member);
export const memberFolder = (member: string): string => join(memberTree(member), memberEtc);
export const memberData = (member: string): string => join(dataFolder, member);
export const kitFolder = (user: string): string => join('users', user);

export const hostCertificateFolder = `/${memberEtc}`;

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
    environment: at(`${user}.env`),
    password: at(`${user}.password`),
    letter: at('README.md'),
  };
};
