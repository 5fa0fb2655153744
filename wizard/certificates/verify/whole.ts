import { join } from 'node:path';
import { type Ledger, openLedger, PkiError, type Register, readCertificates } from '#pki';
import { mapAtOnce } from '../../at-once.js';
import { pkiFolder } from '../../layout.js';
import type { Plan } from '../../plan/plan.js';
import type { Credentials, Endpoint } from './handshake.js';
import { endpointText, inspectEndpoint } from './live.js';
import { authorityPaths, issuedSubjects, planSubjects } from './subject.js';
import { targetOf } from './targets.js';
import {
  type Verified,
  type VerifyOptions,
  verifyCopies,
  verifyLists,
  verifyOwnAuthority,
  verifySubjects,
  verifyTrust,
  withNext,
} from './verify.js';

// All of a folder, and all that is served.

/** With what DIR's authority has issued, where there is one: certificates are verified without, too. */
export async function withRegister<Result>(
  dir: string,
  note: (text: string) => void,
  work: (register: Register | undefined) => Promise<Result>,
): Promise<Result> {
  let ledger: Ledger;
  try {
    ledger = await openLedger(join(dir, pkiFolder));
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    if (error.code !== 'authority-absent') note(`note: the ledger was not asked: ${error.message}`);
    return work(undefined);
  }
  try {
    const authorities = await readCertificates(authorityPaths(dir).certificate);
    return await work({ authorities, find: (serial) => ledger.find(serial) });
  } finally {
    await ledger.close();
  }
}

/** Everything in DIR. */
export async function verifyDir(
  plan: Plan,
  register: Register | undefined,
  options: VerifyOptions,
): Promise<Verified[]> {
  const { dir } = options;
  const authority = authorityPaths(dir);
  const { verified, list } = await verifyLists(authority.lists, authority.certificate, options);
  const subjects = [...planSubjects(plan, dir), ...(await issuedSubjects(dir))];
  return [
    await verifyOwnAuthority(options),
    ...verified,
    ...(await verifyTrust(plan, options)),
    ...(await verifyCopies(plan, options)),
    ...(await verifySubjects(subjects, { list, register }, options)),
  ];
}

export interface ServedOptions {
  readonly plan: Plan | undefined;
  readonly register: Register | undefined;
  readonly dir: string;
  readonly flag: string;
  /** What servers are verified with, and the list to hold against them; DIR's when absent. */
  readonly ca: string | undefined;
  readonly crl: string | undefined;
  /** To sign in with; the plan's own when absent. */
  readonly credentials: Credentials | undefined;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** What is presented to those who dial these. @throws PkiError when the authority can't be read */
export async function verifyServed(endpoints: readonly Endpoint[], options: ServedOptions): Promise<Verified[]> {
  const { plan, register, dir, flag, ca, crl, credentials, now, signal } = options;
  const authority = authorityPaths(dir);
  const caPath = ca ?? authority.certificate;
  const lists = crl === undefined ? (ca === undefined ? authority.lists : []) : [crl];
  const [trusted, { list }] = await Promise.all([
    readCertificates(caPath),
    verifyLists(lists, caPath, { dir, flag, now: now() }),
  ]);
  const targets = await mapAtOnce(endpoints, (endpoint) => targetOf(endpoint, { plan, dir, credentials }));
  return mapAtOnce(targets, async (target) => {
    const findings = await inspectEndpoint(target, { trusted, caPath, list, register, now, signal });
    // What was broken off has not failed.
    signal.throwIfAborted();
    return { title: target.title, where: endpointText(target.endpoint), findings: withNext(findings, undefined, '') };
  });
}
