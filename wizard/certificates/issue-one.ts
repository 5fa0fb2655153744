import { join } from 'node:path';
import {
  type Authority,
  type Certified,
  type Issued,
  isTaken,
  PkiError,
  parseCertificateRequest,
  readBytes,
  requestSizeMax,
  writeNewCertificate,
} from '#pki';
import type { SingleRequest } from './single-request.js';

export interface IssueOneOptions {
  readonly authority: Authority;
  readonly request: SingleRequest;
  /** A certificate request whose key is certified, instead of making one. */
  readonly csrFile?: string | undefined;
  /** Absolute. */
  readonly folder: string;
  readonly now: Date;
}

/** What was issued, and where it is. */
export interface IssuedOne {
  readonly certified: Certified;
  readonly certificatePath: string;
  /** Absent when the key is somebody else's. */
  readonly keyPath?: string;
}

/**
 * Issues one certificate to FOLDER/NAME.crt, with FOLDER/NAME.key when a key is made. Nothing is signed when there is
 * something in the way, and nothing that is there is overwritten.
 *
 * @throws PkiError `file-exists`, `request-unreadable`, `request-refused` with every reason, or what the disk says
 */
export async function issueOne({ authority, request, csrFile, folder, now }: IssueOneOptions): Promise<IssuedOne> {
  const certificatePath = join(folder, `${request.fileName}.crt`);
  if (csrFile !== undefined) {
    const csr = parseCertificateRequest(await readBytes(csrFile, requestSizeMax), csrFile);
    await refuseTaken(certificatePath);
    const certified = await authority.certify({ ...request, csr, now });
    await writeNewCertificate({ certificate: certificatePath }, certified);
    return { certified, certificatePath };
  }
  const keyPath = join(folder, `${request.fileName}.key`);
  await refuseTaken(certificatePath, keyPath);
  const issued: Issued = await authority.issue({ ...request, now });
  await writeNewCertificate({ certificate: certificatePath, key: keyPath }, issued);
  return { certified: issued, certificatePath, keyPath };
}

async function refuseTaken(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (!(await isTaken(path))) continue;
    const hint = 'move it away, or choose another folder with --out';
    throw new PkiError('file-exists', `${path} is there already, and it is not overwritten`, { path }, { hint });
  }
}
