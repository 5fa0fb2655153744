import { join } from 'node:path';
import {
  generateKey,
  isTaken,
  type KeyType,
  keyFingerprint,
  keyToPem,
  makeCertificateRequest,
  PkiError,
  readPrivateKey,
  spokenFingerprint,
  writeNew,
  writeRequest,
} from '#pki';
import { publicFile } from '../artifacts/artifact.js';
import { WizardError } from '../errors.js';
import { userNameRule } from '../plan/rules.js';

export interface RequestOptions {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly keyType: KeyType;
  /** A key that is there already, instead of a new one: it is read, and stays where it is. */
  readonly keyFile?: string | undefined;
}

export interface Requested {
  readonly keyPath: string;
  readonly csrPath: string;
  /** For the two persons to compare: in full, and short enough to be said. */
  readonly fingerprint: string;
  readonly spoken: string;
}

/**
 * Makes a request, and a key for it, on the machine of whoever is going to use them. No DIR is needed.
 * @throws WizardError `usage`, PkiError `file-exists`, `key-unreadable`, or what the disk says
 */
export async function requestAccess({ name, folder, keyType, keyFile }: RequestOptions): Promise<Requested> {
  const objection = userNameRule(name);
  if (objection !== undefined) {
    const hint = objection.hint ?? 'ask whoever runs the cluster for your user name';
    throw new WizardError('usage', objection.what, { name }, { hint });
  }
  const [keyPath, csrPath] = [keyFile ?? join(folder, `${name}.key`), join(folder, `${name}.csr`)];
  for (const path of keyFile === undefined ? [keyPath, csrPath] : [csrPath]) {
    if (!(await isTaken(path))) continue;
    const hint = `hand over ${name}.csr if it is there; to begin anew, move both away or choose another folder with --out`;
    throw new PkiError('file-exists', `${path} is there already, and it is not overwritten`, { path }, { hint });
  }
  const key = keyFile === undefined ? await generateKey(keyType) : await readPrivateKey(keyFile);
  const csr = await makeCertificateRequest({ key, commonName: name });
  if (keyFile === undefined) await writeRequest({ key: keyPath, csr: csrPath }, keyToPem(key), csr);
  else await writeNew(csrPath, csr, publicFile);
  return { keyPath, csrPath, fingerprint: keyFingerprint(key), spoken: spokenFingerprint(key) };
}
