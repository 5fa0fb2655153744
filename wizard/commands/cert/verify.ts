import { resolve } from 'node:path';
import { type Register, readText } from '#pki';
import { mapAtOnce } from '../../at-once.js';
import { collect } from '../../certificates/verify/collect.js';
import { authorityPaths, issuedSubjects, planSubjects, type Subject } from '../../certificates/verify/subject.js';
import { parseEndpoints, planEndpoints } from '../../certificates/verify/targets.js';
import {
  type Verified,
  type VerifyOptions,
  verifyAuthority,
  verifyLists,
  verifySubjects,
} from '../../certificates/verify/verify.js';
import { verifyDir, verifyServed, withRegister } from '../../certificates/verify/whole.js';
import { WizardError } from '../../errors.js';
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
  const note = (text: string): void => terminal.say(text);
  const paths = Array.isArray(given.paths) ? given.paths.map(String) : [];
  const live = given.live === true || given.endpoint !== undefined;
  const plan = paths.length > 0 || given.endpoint !== undefined ? await findPlan(context) : await readPlan(context);
  const verified = await withRegister(dir, note, async (register) => [
    ...(paths.length > 0 ? await verifyPaths(paths, plan, register, options, given) : []),
    ...(live ? await verifyEndpoints(context, plan, register, given) : []),
    ...(paths.length === 0 && !live && plan !== undefined ? await verifyDir(plan, register, options) : []),
  ]);
  return conclude(terminal, verified, given);
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
  { dir, givenDir, now, signal }: Context,
  plan: Plan | undefined,
  register: Register | undefined,
  given: Given,
): Promise<Verified[]> {
  const asked = typeof given.endpoint === 'string' ? parseEndpoints(given.endpoint) : [];
  const endpoints = [...asked, ...(given.live === true && plan !== undefined ? planEndpoints(plan) : [])];
  return verifyServed(endpoints, {
    ...{ plan, register, dir, flag: dirFlag(givenDir), now, signal },
    ca: typeof given.ca === 'string' ? resolve(given.ca) : undefined,
    crl: typeof given.crl === 'string' ? resolve(given.crl) : undefined,
    credentials: await givenCredentials(given),
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
