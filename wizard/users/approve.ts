import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import {
  assertCertifiable,
  authorityState,
  type CertificateRequest,
  csrNotes,
  keyFingerprint,
  makeFolder,
  modeOf,
  PkiError,
  parseCertificateRequest,
  profiles,
  readBytes,
  readTextIfPresent,
  replaceFile,
  requestSizeMax,
  spokenFingerprint,
  subjectValues,
  writeNew,
} from '#pki';
import { takeLock } from '../apply/lock.js';
import { publicFile } from '../artifacts/artifact.js';
import { kitFiles, kitFolder, pkiFolder, planFile } from '../layout.js';
import { parsePlanText } from '../plan/parse.js';
import { type Plan, type User, usersOf } from '../plan/plan.js';
import { userNameRule } from '../plan/rules.js';
import { printable, quoted } from '../shown.js';
import { planWith, refusedAnswer } from './plan-with.js';

export interface ApproveOptions {
  /** Absolute. */
  readonly dir: string;
  /** Read once: what was shown is what is approved. */
  readonly csr: CertificateRequest;
  readonly roles: readonly string[];
  readonly now: Date;
}

/** A request that was approved: in the plan and beside the user's kit, and nothing is signed yet. */
export interface Approved {
  readonly plan: Plan;
  readonly user: User;
  readonly fingerprint: string;
  readonly spoken: string;
}

/** @throws PkiError `request-unreadable`, or what the disk says */
export const readRequest = async (file: string): Promise<CertificateRequest> =>
  parseCertificateRequest(await readBytes(file, requestSizeMax), file);

/**
 * Puts whoever made the request into the plan, with their roles, and the request into their kit: what `apply` needs to
 * certify it. All that speaks against it is said before anything is written. May be run again.
 *
 * @throws WizardError `plan-missing`, `plan-refused`, `answer-refused`, `busy` · PkiError `request-unreadable`,
 * `request-refused` with every reason, `file-exists`, or what the disk says
 */
export async function approve(options: ApproveOptions): Promise<Approved> {
  const { dir, csr, now } = options;
  const lock = await takeLock(dir);
  try {
    const path = join(dir, planFile);
    const text = (await readTextIfPresent(path)) ?? '';
    const { plan } = parsePlanText(text, path);
    const name = nameOf(csr, plan);
    const user: User = { name, roles: options.roles, password: false, key: 'elsewhere' };
    const next = planWith(text, plan, user);
    await check(csr, next.plan, user, dir, now);
    await placeRequest(dir, name, csr);
    if (next.text !== text) await replaceFile(await realpath(path), next.text, (await modeOf(path)) ?? publicFile);
    return { plan: next.plan, user, ...fingerprintsOf(csr) };
  } finally {
    await lock.release();
  }
}

const fingerprintsOf = ({ publicKey }: CertificateRequest) => ({
  fingerprint: keyFingerprint(publicKey),
  spoken: spokenFingerprint(publicKey),
});

const bare = (fingerprint: string): string => fingerprint.replace(/\s/g, '').toLowerCase();

/** Holds a request to what its user said. @param told short, or in full as `SHA256:…`. @throws WizardError `answer-refused` */
export function checkFingerprint(csr: CertificateRequest, told: string): void {
  const { fingerprint, spoken } = fingerprintsOf(csr);
  if (told.trim() === fingerprint || bare(told) === bare(spoken)) return;
  throw refusedAnswer(
    `the key of ${csr.where} is ${spoken}, and not ${quoted(told)}`,
    'it may be a request of somebody else: ask them for it again, by another way',
  );
}

/** What a request asks for, for whoever is to approve it. */
export const requestWords = (csr: CertificateRequest): readonly string[] => [
  `asks: ${subjectValues(csr, 'CN').map(printable).join(', ') || 'nobody, it has no common name'}`,
  `key:  ${fingerprintsOf(csr).spoken} (they were told the same: compare it with them by another way)`,
  ...csrNotes(csr, profiles.client, undefined),
];

/** Who asks. @throws WizardError `answer-refused` */
function nameOf(csr: CertificateRequest, plan: Plan): string {
  const [name, ...more] = subjectValues(csr, 'CN');
  const again = 'have the request made again: quorate user request NAME';
  if (name === undefined) throw refusedAnswer(`${csr.where} has no common name: it says nobody's name`, again);
  if (more.length > 0)
    throw refusedAnswer(`${csr.where} has ${more.length + 1} common names, and a user has one`, again);
  const objection = userNameRule(name);
  if (objection !== undefined) throw refusedAnswer(`${csr.where}: ${objection.what}`, objection.hint ?? again);
  const known = usersOf(plan).find((user) => user.name === name);
  if (known === undefined || known.key === 'elsewhere') return name;
  const hint = `to have ${name}'s key elsewhere from now on, add "key: elsewhere" to the plan and move ${kitFolder(name)} away`;
  throw refusedAnswer(`${csr.where} is for ${name}, who has a certificate and a key of DIR already`, hint);
}

/** What policy says, asked before anything is written: it takes the authority's certificate, and no key. */
async function check(csr: CertificateRequest, plan: Plan, { name }: User, dir: string, now: Date): Promise<void> {
  const authority = await authorityState(join(dir, pkiFolder));
  if (authority.state === 'broken' || authority.state === 'waiting') throw authority.error;
  if (authority.state === 'absent') {
    const hint = `quorate apply --dir ${dir} makes one`;
    throw new PkiError('authority-absent', `there is no authority in ${join(dir, pkiFolder)}`, { dir }, { hint });
  }
  const request = { profile: 'client', commonName: name, names: [], days: plan.pki.certDays, csr, now } as const;
  assertCertifiable(request, authority.certificate);
}

/** Another request of the same user is not put over one that was approved: whose key is it? */
async function placeRequest(dir: string, name: string, csr: CertificateRequest): Promise<void> {
  const path = join(dir, kitFiles(name).csr);
  const there = await readTextIfPresent(path);
  if (there === csr.pem) return;
  if (there === undefined) {
    await makeFolder(join(dir, kitFolder(name)));
    await writeNew(path, csr.pem, publicFile);
    return;
  }
  const hint = `if ${name} has a new key, move ${path} away and approve again; revoke the old certificate`;
  throw new PkiError('file-exists', `${path} is another request of ${name}, approved before`, { path }, { hint });
}
