import { join } from 'node:path';
import {
  type Certificate,
  type ExistingKeyPair,
  observeCertified,
  observeKeyPair,
  PkiError,
  type RevocationEntry,
} from '#pki';
import type { CertificateArtifact, KeyPairArtifact } from '../../artifacts/artifact.js';
import { desiredArtifacts } from '../../artifacts/desired.js';
import { mapAtOnce } from '../../at-once.js';
import { withLedgerOf } from '../../authority.js';
import { kitFiles, memberFiles, memberFolder } from '../../layout.js';
import { type Plan, usersOf } from '../../plan/plan.js';
import { type Standing, standingOf } from './due.js';

/** A certificate of the plan's that DIR holds, or should. */
export interface Held {
  /** A user, `MEMBER/server` or `MEMBER/peer`. */
  readonly name: string;
  readonly artifact: KeyPairArtifact | CertificateArtifact;
  readonly certificate: Certificate | undefined;
  readonly key: ExistingKeyPair['key'];
  readonly standing: Standing;
  readonly revocation: RevocationEntry | undefined;
}

/** All of them, users first. Reads only. @throws PkiError what the disk says */
export async function heldCertificates(plan: Plan, dir: string, now: Date): Promise<readonly Held[]> {
  const names = namesByPath(plan);
  const artifacts = desiredArtifacts(plan, dir).filter(
    (artifact) => artifact.kind === 'key-pair' || artifact.kind === 'certificate',
  );
  const found = await mapAtOnce(artifacts, async (artifact) => ({ artifact, ...(await observed(artifact, dir)) }));
  const revocations = await revocationsOf(
    found.map(({ certificate }) => certificate),
    dir,
  );
  return found.map(({ artifact, certificate, key }, place) => {
    const name = names.get(artifact.path) ?? artifact.path;
    const revocation = revocations[place];
    const standing = revocation === undefined ? standingWith({ artifact, certificate, key }, now) : 'revoked';
    return { name, artifact, certificate, key, standing, revocation };
  });
}

function standingWith(
  { artifact, certificate, key }: Pick<Held, 'artifact' | 'certificate' | 'key'>,
  now: Date,
): Standing {
  if (key === 'differs') return 'key-differs';
  if (key === 'absent' && artifact.kind === 'key-pair') return 'missing';
  return standingOf(certificate, now);
}

/** What the ledger says of each. Where the authority is kept elsewhere nobody knows. */
async function revocationsOf(
  certificates: readonly (Certificate | undefined)[],
  dir: string,
): Promise<readonly (RevocationEntry | undefined)[]> {
  try {
    return await withLedgerOf({ dir }, (ledger) =>
      certificates.map((each) => (each === undefined ? undefined : ledger.revocationOf(each.serial))),
    );
  } catch (error) {
    if (error instanceof PkiError && error.code === 'authority-absent') return [];
    throw error;
  }
}

function observed(artifact: KeyPairArtifact | CertificateArtifact, dir: string): Promise<ExistingKeyPair> {
  const certificate = join(dir, artifact.path);
  return artifact.kind === 'key-pair'
    ? observeKeyPair({ certificate, key: join(dir, artifact.keyPath) })
    : observeCertified({ certificate, csr: join(dir, artifact.csrPath) });
}

const namesByPath = (plan: Plan): ReadonlyMap<string, string> =>
  new Map([
    ...usersOf(plan).map(({ name }) => [kitFiles(name).certificate, name] as const),
    ...plan.members.flatMap(({ name }) => [
      [join(memberFolder(name), memberFiles.serverCertificate), `${name}/server`] as const,
      [join(memberFolder(name), memberFiles.peerCertificate), `${name}/peer`] as const,
    ]),
  ]);
