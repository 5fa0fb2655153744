import { join } from 'node:path';
import {
  authorityState,
  type Finding,
  inspectAuthority,
  inspectCertificate,
  inspectList,
  isRoot,
  type PkiError,
  type ReadList,
  type Register,
  readCertificates,
} from '#pki';
import { mapAtOnce } from '../../at-once.js';
import { pkiFolder } from '../../layout.js';
import type { Plan } from '../../plan/plan.js';
import { inspectCopies } from '../revoking/copies.js';
import { nextSteps } from './next.js';
import { authorityPaths, type Subject, trustPaths } from './subject.js';

/** What was found out about one file, or one endpoint. */
export interface Verified {
  readonly title: string;
  /** A path, or HOST:PORT. */
  readonly where: string;
  readonly findings: readonly (Finding & { readonly next?: string })[];
}

export interface VerifyOptions {
  readonly dir: string;
  /** ` --dir DIR` where it is needed. */
  readonly flag: string;
  readonly now: Date;
}

/** What is known of certificates beside their files. */
export interface Known {
  readonly list: ReadList | undefined;
  readonly register: Register | undefined;
}

/** Any finding's, with the next command. */
export function withNext(
  findings: readonly Finding[],
  subject: Subject | undefined,
  flag: string,
): Verified['findings'] {
  const steps = nextSteps(findings, subject, flag);
  return findings.map((finding, index) => {
    const next = steps[index];
    return next === undefined ? finding : { ...finding, next };
  });
}

/** Every certificate against its key, its chain, what it is for, and the list. */
export const verifySubjects = (
  subjects: readonly Subject[],
  known: Known,
  { flag, now }: VerifyOptions,
): Promise<Verified[]> =>
  mapAtOnce(subjects, async (subject) => ({
    title: subject.title,
    where: subject.certificate,
    findings: withNext(await inspectCertificate({ ...subject, ...known, now }), subject, flag),
  }));

/** An authority's certificates, each for itself. */
export async function verifyAuthority(ca: string, { flag, now }: VerifyOptions): Promise<Verified> {
  return {
    title: 'the authority',
    where: ca,
    findings: withNext(await inspectAuthority(ca, [], now), undefined, flag),
  };
}

/** DIR's authority: whether it is whole, its certificates, the modes of its keys. */
export async function verifyOwnAuthority({ dir, flag, now }: VerifyOptions): Promise<Verified> {
  const { certificate, keys } = authorityPaths(dir);
  const found = await authorityState(join(dir, pkiFolder));
  const broken = found.state === 'broken' ? [brokenAuthority(certificate, found.error)] : [];
  const findings = [...broken, ...(await inspectAuthority(certificate, keys, now))];
  const said = broken.length > 0 ? findings.filter(({ code }) => code !== 'valid') : findings;
  return { title: 'the authority', where: certificate, findings: withNext(said, undefined, flag) };
}

const brokenAuthority = (path: string, { message, hint }: PkiError): Finding => ({
  code: 'authority-unreadable',
  severity: 'error',
  message,
  path,
  ...(hint === undefined ? {} : { hint }),
});

/** Lists against the authority that should have signed them. @returns also the first that can be believed */
export async function verifyLists(
  paths: readonly string[],
  ca: string,
  { flag, now }: VerifyOptions,
): Promise<{ readonly verified: Verified[]; readonly list: ReadList | undefined }> {
  const trusted = await readCertificates(ca).catch(() => []);
  const read = await mapAtOnce(paths, (path) => inspectList(path, trusted, now));
  const verified = read.map(({ findings }, index) => ({
    title: 'the revocation list',
    where: paths[index] ?? '',
    findings: withNext(findings, undefined, flag),
  }));
  return { verified, list: read.find(({ list }) => list !== undefined)?.list };
}

/** Copies of the authority's certificates that lack one of them. */
export async function verifyTrust(plan: Plan, { dir, flag }: VerifyOptions): Promise<Verified[]> {
  const ca = authorityPaths(dir).certificate;
  // What stands between the root and a leaf is presented, and trusted by nobody.
  const own = (await readCertificates(ca).catch(() => [])).filter(isRoot);
  const copies = await mapAtOnce(trustPaths(plan, dir), async (path) => ({
    path,
    held: await readCertificates(path).catch(() => undefined),
  }));
  return copies.flatMap(({ path, held }) => {
    // What can not be read is said with the certificate beside it.
    const missing = held === undefined ? [] : own.filter((each) => !held.some(({ pem }) => pem === each.pem));
    if (missing.length === 0) return [];
    const message = `it lacks ${missing.map(({ commonName }) => commonName).join(', ')} of ${ca}`;
    const finding = { code: 'trust-differs', severity: 'error', message, path } as const;
    return [
      { title: 'a copy of the authority', where: path, findings: [{ ...finding, next: `quorate apply${flag}` }] },
    ];
  });
}

/** Members' copies of the revocation list that are not DIR's. */
export async function verifyCopies(plan: Plan, { dir, flag }: VerifyOptions): Promise<Verified[]> {
  // A list that can not be read is said with the authority's.
  const copies = await inspectCopies(plan, dir).catch(() => []);
  return copies
    .filter(({ state }) => state !== 'current')
    .map(({ member, path, state }) => {
      const where = join(dir, path);
      const message = `the revocation list of ${member} is ${state}`;
      const finding = { code: 'list-stale', severity: 'error', message, path: where } as const;
      return {
        title: 'a copy of the revocation list',
        where,
        findings: [{ ...finding, next: `quorate apply${flag}` }],
      };
    });
}
