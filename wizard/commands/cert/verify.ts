import { join, resolve } from 'node:path';
import { type Ledger, openLedger, PkiError, type Register, readCertificates, readText } from '#pki';
import { mapAtOnce } from '../../at-once.js';
import { collect } from '../../certificates/verify/collect.js';
import { endpointText, inspectEndpoint } from '../../certificates/verify/live.js';
import { authorityPaths, issuedSubjects, planSubjects, type Subject } from '../../certificates/verify/subject.js';
import { parseEndpoints, planEndpoints, targetOf } from '../../certificates/verify/targets.js';
import {
  type Verified,
  type VerifyOptions,
  verifyAuthority,
  verifyCopies,
  verifyLists,
  verifyOwnAuthority,
  verifySubjects,
  verifyTrust,
  withNext,
} from '../../certificates/verify/verify.js';
import { WizardError } from '../../errors.js';
import { pkiFolder } from '../../layout.js';
import type { Plan } from '../../plan/plan.js';
import type { ExitCode } from '../../report.js';
import type { Context, Given } from '../command.js';
import { dirFlag } from '../next-lines.js';
import { findPlan, readPlan } from '../plan-file.js';
import { conclude } from './verify-report.js';

/** `quorate cert verify`: exit code 1 when something is wrong. */
export async function verify(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, givenDir, now } = context;
  const options = { dir, flag: dirFlag(givenDir), now: now() };
  const paths = Array.isArray(given.paths) ? given.paths.map(String) : [];
  const live = given.live === true || given.endpoint !== undefined;
  const plan = paths.length > 0 || given.endpoint !== undefined ? await findPlan(context) : await readPlan(context);
  const verified = await withRegister(context, async (register) => [
    ...(paths.length > 0 ? await verifyPaths(paths, plan, register, options, given) : []),
    ...(live ? await verifyEndpoints(context, plan, register, given) : []),
    ...(paths.length === 0 && !live && plan !== undefined ? await verifyDir(plan, register, options) : []),
  ]);
  return conclude(terminal, verified, given);
}

/** With what DIR's authority has issued, where there is one: certificates are verified without, too. */
async function withRegister<Result>(
  { dir, terminal }: Context,
  work: (register: Register | undefined) => Promise<Result>,
): Promise<Result> {
  let ledger: Ledger;
  try {
    ledger = await openLedger(join(dir, pkiFolder));
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    if (error.code !== 'authority-absent') terminal.say(`note: the ledger was not asked: ${error.message}`);
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
async function verifyDir(plan: Plan, register: Register | undefined, options: VerifyOptions): Promise<Verified[]> {
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

async function verifyPaths(
  paths: readonly string[],
  plan: Plan | undefined,
  register: Register | undefined,
  options: VerifyOptions,
  given: Given,
): Promise<Verified[]> {
  const { dir } = options;
  const known: Subject[] = plan === undefined ? [] : [...planSubjects(plan, dir), ...(await issuedSubjects(dir))];
  const { subjects, authorities, lists } = await collect(paths, known, dir, given);
  const authority = authorityPaths(dir);
  const ca = typeof given.ca === 'string' ? resolve(given.ca) : authority.certificate;
  const asked = typeof given.crl === 'string' ? [resolve(given.crl)] : [];
  const { verified, list } = await verifyLists([...asked, ...lists], ca, options);
  const own = list ?? (await verifyLists(authority.lists, authority.certificate, options)).list;
  return [
    ...(await mapAtOnce(authorities, (path) => verifyAuthority(path, options))),
    ...verified,
    ...(await verifySubjects(subjects, { list: own, register }, options)),
  ];
}

/** What members present to those who dial them. */
async function verifyEndpoints(
  context: Context,
  plan: Plan | undefined,
  register: Register | undefined,
  given: Given,
): Promise<Verified[]> {
  const { dir, givenDir, now, signal } = context;
  const asked = typeof given.endpoint === 'string' ? parseEndpoints(given.endpoint) : [];
  const endpoints = [...asked, ...(given.live === true && plan !== undefined ? planEndpoints(plan) : [])];
  const authority = authorityPaths(dir);
  const caPath = typeof given.ca === 'string' ? resolve(given.ca) : authority.certificate;
  const options = { dir, flag: dirFlag(givenDir), now: now() };
  const lists = typeof given.crl === 'string' ? [resolve(given.crl)] : authority.lists;
  const [trusted, { list }, credentials] = await Promise.all([
    readCertificates(caPath),
    verifyLists(lists, caPath, options),
    givenCredentials(given),
  ]);
  const targets = await mapAtOnce(endpoints, (endpoint) => targetOf(endpoint, { plan, dir, credentials }));
  return mapAtOnce(targets, async (target) => {
    const findings = await inspectEndpoint(target, { trusted, caPath, list, register, now, signal });
    return { title: target.title, where: endpointText(target.endpoint), findings: withNext(findings, undefined, '') };
  });
}

/** @throws WizardError `usage` for one without the other */
async function givenCredentials({ cert, key }: Given): Promise<{ cert: string; key: string } | undefined> {
  if (cert === undefined) return undefined;
  if (typeof cert !== 'string' || typeof key !== 'string') {
    throw new WizardError('usage', '--cert has its key in --key', {}, { hint: '--cert app.crt --key app.key' });
  }
  const [certificate, secret] = await Promise.all([readText(resolve(cert)), readText(resolve(key))]);
  return { cert: certificate, key: secret };
}
