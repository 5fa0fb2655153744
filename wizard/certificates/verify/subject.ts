import { basename, dirname, join } from 'node:path';
import { authorityFiles, type CertificateUse, type Expected, listFolder } from '#pki';
import { peerMark } from '../../artifacts/member-settings.js';
import { memberNames } from '../../artifacts/members.js';
import { kitFiles, memberFiles, memberFolder, pkiFolder } from '../../layout.js';
import { type Member, type Plan, usersOf } from '../../plan/plan.js';
import { memberPaths } from '../export/source.js';

// What is verified, and what the plan expects of it.

/** Who makes it anew, and with it the next command: apply, and cert renew under its name in the plan; cert issue; nobody here. */
export type Maker = { readonly plan: string } | { readonly profile: string } | 'somebody';

/** A certificate in a file. */
export interface Subject extends Expected {
  /** For a person: `the server certificate of m1`. */
  readonly title: string;
  readonly maker: Maker;
  readonly certificate: string;
  readonly key?: string | undefined;
  readonly ca: string;
}

const markDomain = peerMark.slice(peerMark.indexOf('.') + 1);

function memberSubject(plan: Plan, member: Member, use: 'server' | 'peer', dir: string): Subject {
  return {
    ...memberPaths(member.name, use, dir),
    title: `the ${use} certificate of ${member.name}`,
    maker: { plan: `${member.name}/${use}` },
    use,
    commonName: member.name,
    names: memberNames(plan, member, use),
    ...(use === 'peer' ? {} : { forbiddenDomain: markDomain }),
  };
}

/** Of the members and users of a plan. */
export function planSubjects(plan: Plan, dir: string): Subject[] {
  const members = plan.members.flatMap((member) =>
    (['server', 'peer'] as const).map((use) => memberSubject(plan, member, use, dir)),
  );
  const users = usersOf(plan).map(({ name, key }): Subject => {
    const files = kitFiles(name);
    return {
      title: `the certificate of ${name}`,
      maker: { plan: name },
      certificate: join(dir, files.certificate),
      key: key === 'elsewhere' ? undefined : join(dir, files.key),
      ca: join(dir, files.ca),
      use: 'client',
      commonName: name,
      forbiddenDomain: markDomain,
    };
  });
  return [...members, ...users];
}

const uses: Readonly<Record<string, CertificateUse>> = { server: 'server', peer: 'peer', client: 'client' };

/** Of what `cert issue` made. Its names are whatever was asked for. */
export async function issuedSubjects(dir: string): Promise<Subject[]> {
  const profiles = await listFolder(join(dir, 'issued'));
  const subjects = await Promise.all(
    profiles.map(async (profile) => {
      const folder = join(dir, 'issued', profile);
      const files = await listFolder(folder).catch(() => []);
      const certificates = files.filter((file) => file.endsWith('.crt'));
      return certificates.map((file) => issuedSubject(join(folder, file), profile, files, dir));
    }),
  );
  return subjects.flat();
}

function issuedSubject(certificate: string, profile: string, files: readonly string[], dir: string): Subject {
  const name = basename(certificate, '.crt');
  const use = uses[profile];
  return {
    title: `the ${profile} certificate of ${name}`,
    maker: { profile },
    certificate,
    key: files.includes(`${name}.key`) ? join(dirname(certificate), `${name}.key`) : undefined,
    ca: authorityPaths(dir).certificate,
    ...(use === undefined ? {} : { use }),
    ...(profile === 'peer' ? {} : { forbiddenDomain: markDomain }),
  };
}

/** The files of DIR's authority. */
export function authorityPaths(dir: string) {
  const at = (file: string): string => join(dir, pkiFolder, file);
  const { certificate, key, rootKey, crlPem, crlDer } = authorityFiles;
  return { certificate: at(certificate), keys: [at(key), at(rootKey)], lists: [at(crlPem), at(crlDer)] } as const;
}

/** Where copies of the authority's certificate are. */
export const trustPaths = (plan: Plan, dir: string): string[] => [
  ...plan.members.map(({ name }) => join(dir, memberFolder(name), memberFiles.ca)),
  ...usersOf(plan).map(({ name }) => join(dir, kitFiles(name).ca)),
];
