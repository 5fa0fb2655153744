import { basename, dirname, extname, join, resolve } from 'node:path';
import { authorityFiles, type BundlePaths, isTaken } from '#pki';
import type { Given } from '../../commands/command.js';
import { WizardError } from '../../errors.js';
import { kitFiles, memberFiles, memberFolder, pkiFolder } from '../../layout.js';
import { nearest } from '../../plan/nearest.js';
import { type Plan, usersOf } from '../../plan/plan.js';

// WHAT on the command line -> the files that it is made of.

/** One certificate to be exported. */
export interface Source {
  /** What its files are called. */
  readonly name: string;
  readonly paths: BundlePaths;
}

const text = (value: Given[string]): string | undefined => (typeof value === 'string' ? value : undefined);

/** A path is what looks like one; everything else is a name of the plan. */
export const isPath = (what: string): boolean => /^[./~]|\.(crt|pem|cer|der)$/.test(what);

/** The files of a certificate that is somewhere: its key and its authority are looked for beside it. */
export async function sourceAt(what: string, dir: string, { key, ca }: Given): Promise<Source> {
  const certificate = resolve(what);
  const name = basename(certificate, extname(certificate));
  const beside = (file: string): string => join(dirname(certificate), file);
  const keyPath = text(key) ?? ((await isTaken(beside(`${name}.key`))) ? beside(`${name}.key`) : undefined);
  const authority = join(dir, pkiFolder, authorityFiles.certificate);
  const caPath = text(ca) ?? ((await isTaken(beside('ca.crt'))) ? beside('ca.crt') : authority);
  const keyAt = keyPath === undefined ? undefined : resolve(keyPath);
  return { name, paths: { certificate, ca: resolve(caPath), key: keyAt } };
}

/** The files of a user (`app`), or of one of a member's two certificates (`m1/server`). @throws WizardError `usage` */
export function sourceOf(what: string, plan: Plan, dir: string, given: Given): Source {
  const user = usersOf(plan).find(({ name }) => name === what);
  if (user !== undefined) {
    const files = kitFiles(what);
    const key = user.key === 'elsewhere' ? undefined : join(dir, files.key);
    return withOptions(what, { certificate: join(dir, files.certificate), key, ca: join(dir, files.ca) }, given);
  }
  const [name = '', use] = what.split('/');
  if (!plan.members.some((member) => member.name === name) || (use !== 'server' && use !== 'peer'))
    throw unknown(what, plan);
  return withOptions(`${name}-${use}`, memberPaths(name, use, dir), given);
}

/** The files of one of a member's two certificates. */
export function memberPaths(member: string, use: 'server' | 'peer', dir: string): BundlePaths {
  const at = (file: string): string => join(dir, memberFolder(member), file);
  const { serverCertificate, serverKey, peerCertificate, peerKey, ca } = memberFiles;
  return use === 'server'
    ? { certificate: at(serverCertificate), key: at(serverKey), ca: at(ca) }
    : { certificate: at(peerCertificate), key: at(peerKey), ca: at(ca) };
}

function withOptions(name: string, paths: BundlePaths, given: Given): Source {
  const key = text(given.key) ?? paths.key;
  return {
    name,
    paths: { ...paths, ca: resolve(text(given.ca) ?? paths.ca), key: key === undefined ? undefined : resolve(key) },
  };
}

export function unknown(what: string, plan: Plan): WizardError {
  const members = plan.members.map(({ name }) => name);
  if (members.includes(what)) {
    const hint = `${what}/server or ${what}/peer; both at once with --format kubeadm`;
    return new WizardError('usage', `the member ${what} has two certificates`, { what }, { hint });
  }
  const names = [
    ...usersOf(plan).map(({ name }) => name),
    ...members.flatMap((name) => [`${name}/server`, `${name}/peer`]),
  ];
  const meant = nearest(what, names);
  const hint = `${meant === undefined ? '' : `did you mean ${meant}? `}a user, MEMBER/server, MEMBER/peer, or a path that begins with ./ or /`;
  return new WizardError('usage', `the plan has no user or certificate ${JSON.stringify(what)}`, { what }, { hint });
}
