import { isDeepStrictEqual } from 'node:util';
import { type Certificate, mismatches } from '#pki';
import type {
  AccessArtifact,
  Artifact,
  AuthorityArtifact,
  CertificateArtifact,
  KeyPairArtifact,
} from '../artifacts/artifact.js';
import { privateFile, privateFolder, publicFile } from '../artifacts/artifact.js';
import { WizardError } from '../errors.js';
import type { Observed } from './observed.js';
import type { Step } from './step.js';
import { textDiff } from './text-diff.js';

// The plan of a run, pure: what is wanted, what is there and what time it is -> what is to be done, in this order.

const dayMs = 86_400_000;
const renewalDaysMax = 30;

type Change = Omit<Step, 'artifact'>;

const created: Change = { action: 'create', because: '' };

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

/** The permissions of what is there, when they are not as wanted. */
function modeChange(observed: Observed, path: string, wanted: number, whose = 'its'): Change | undefined {
  const mode = observed.modes.get(path);
  if (mode === undefined || mode === wanted) return undefined;
  return { action: 'restrict', because: `${whose} permissions are ${octal(mode)}, not ${octal(wanted)}` };
}

function contentChange(observed: Observed, path: string, wanted: string | undefined, mode: number): Change | undefined {
  const content = observed.contents.get(path);
  if (content === undefined) return created;
  if (content === wanted) return modeChange(observed, path, mode);
  const diff = wanted === undefined || isCertificate(content) ? [] : textDiff(content, wanted);
  return { action: 'replace', because: 'its content is another', diff };
}

/** In PEM nobody sees what is another. */
const isCertificate = (content: string): boolean => content.startsWith('-----BEGIN CERTIFICATE');

/** A certificate is renewed in the last third of its life, and not earlier than 30 days before its end. */
function renewal({ notBefore, notAfter }: Certificate, now: Date): Change | undefined {
  const left = notAfter.getTime() - now.getTime();
  const window = Math.min(renewalDaysMax * dayMs, (notAfter.getTime() - notBefore.getTime()) / 3);
  if (left > window) return undefined;
  return { action: 'renew', because: `it ends at ${notAfter.toISOString()}` };
}

function certificateChange(
  observed: Observed,
  artifact: KeyPairArtifact | CertificateArtifact,
  now: Date,
): Change | undefined {
  const { path, request } = artifact;
  const existing = observed.keyPairs.get(path);
  if (existing === undefined || (existing.certificate === undefined && existing.key === 'absent')) return created;
  if (existing.certificate === undefined) return { action: 'create', because: 'for the key that is there' };
  // A new authority makes every certificate a stranger's.
  if (observed.authority.state !== 'whole') return { action: 'replace', because: 'the authority is new' };
  // Whoever revoked it did not mean it to be issued again by itself: cert renew does, when it is named.
  if (observed.revokedSerials.has(existing.certificate.serial)) return undefined;
  const [wrong, ...more] = mismatches(existing, request, observed.authority, now);
  if (wrong !== undefined) {
    const because = [wrong, ...more].map(({ reason }) => reason).join(', ');
    return { action: wrong.about === 'validity' ? 'renew' : 'replace', because };
  }
  return (
    renewal(existing.certificate, now) ??
    (artifact.kind === 'key-pair' ? modeChange(observed, artifact.keyPath, privateFile, "its key's") : undefined) ??
    modeChange(observed, path, publicFile)
  );
}

function revocationsChange(observed: Observed, path: string): Change | undefined {
  if (!observed.modes.has(path)) return created;
  const { revocations, revocationCopies } = observed;
  if (revocations !== undefined && revocationCopies.get(path) === revocations)
    return modeChange(observed, path, publicFile);
  return { action: 'replace', because: 'it is not the last one' };
}

const inLines = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

function accessChange(observed: Observed, { path, access }: AccessArtifact): Change | undefined {
  const existing = observed.access.get(path);
  if (existing === undefined) return created;
  if (!isDeepStrictEqual(existing.access, access)) {
    const diff = existing.access === undefined ? [] : textDiff(inLines(existing.access), inLines(access));
    return { action: 'replace', because: 'users, roles or permissions are others', diff };
  }
  if (existing.staleUsers.length > 0)
    return { action: 'replace', because: `the password of ${existing.staleUsers.join(', ')} is another` };
  return modeChange(observed, path, privateFile);
}

/** What signs is not exchanged by the way: members and clients have to trust both for a while. */
function noIntermediate(path: string, { commonName }: Certificate): WizardError {
  const what = `the plan wants an intermediate authority, and ${commonName} in ${path} is a root that signs by itself`;
  const hint = 'set pki.authority to root, or begin a new authority: quorate cert rotate-ca';
  return new WizardError('authority-differs', what, { path }, { hint });
}

/** Without its authority, DIR's certificates can't be renewed or told from forged ones: a new one must be meant. */
function authorityChange(observed: Observed, { path, root }: AuthorityArtifact): Change | undefined {
  const { authority, keyPairs } = observed;
  if (authority.state === 'broken') throw authority.error;
  if (authority.state === 'waiting') return { action: 'create', because: 'its root has to sign ca.csr' };
  if (authority.state === 'whole') {
    if (root !== undefined && authority.issuers.length === 0) throw noIntermediate(path, authority.certificate);
    return modeChange(observed, path, privateFolder);
  }
  const orphans = [...keyPairs].filter(([, { certificate }]) => certificate !== undefined).map(([orphan]) => orphan);
  if (orphans.length === 0) return created;
  const what = `there is no authority in ${path}, but ${orphans.length} certificates that one signed, ${orphans[0]} the first`;
  const hint = `restore ${path} from a backup; to begin anew with other keys, move members/ and users/ away`;
  throw new WizardError('authority-incomplete', what, { path, orphans }, { hint });
}

function changeOf(observed: Observed, artifact: Artifact, now: Date): Change | undefined {
  const { path } = artifact;
  switch (artifact.kind) {
    case 'authority':
      return authorityChange(observed, artifact);
    case 'folder':
      return observed.modes.has(path) ? modeChange(observed, path, artifact.mode) : created;
    case 'password':
      return observed.modes.has(path) ? modeChange(observed, path, privateFile) : created;
    case 'key-pair':
    case 'certificate':
      return certificateChange(observed, artifact, now);
    case 'trust':
      return contentChange(observed, path, observed.trust, publicFile);
    case 'revocations':
      return revocationsChange(observed, path);
    case 'access':
      return accessChange(observed, artifact);
    case 'file':
      return contentChange(observed, path, artifact.content, artifact.mode);
    case 'surplus':
      return { action: 'remove', because: artifact.because };
  }
}

/**
 * What is to be done so that DIR is as the plan wants it; nothing when it is.
 *
 * @throws PkiError `authority-broken` or WizardError `authority-incomplete`: then a person has to decide
 */
export function planSteps(artifacts: readonly Artifact[], observed: Observed, now: Date): readonly Step[] {
  return artifacts.flatMap((artifact) => {
    const change = changeOf(observed, artifact, now);
    return change === undefined ? [] : [{ ...change, artifact }];
  });
}
