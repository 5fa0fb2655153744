import { dirname } from 'node:path';
import { type Certificate, openCertificate } from '../certificate.js';
import { PkiError } from '../errors.js';
import { modeOf, readText } from '../files.js';
import { keyFromPem } from '../keys.js';
import { doubtful, type Finding, failing } from './finding.js';

/** Whether there is a key, of this certificate, for its owner only. */
export async function keyFindings(leaf: Certificate | undefined, path: string): Promise<Finding[]> {
  try {
    const key = keyFromPem(await readText(path), path);
    const findings: Finding[] = [];
    if (leaf !== undefined && !openCertificate(leaf.pem, 'the certificate').checkPrivateKey(key)) {
      const hint = 'put the key and the certificate of one issue together, or issue again';
      findings.push(failing(path, 'key-mismatch', 'it is not the key of the certificate', hint));
    }
    return [...findings, ...(await exposureFindings(path))];
  } catch (error) {
    if (error instanceof PkiError) return [unreadable(error, path, 'key')];
    throw error;
  }
}

/** Whether others than its owner may read a key. */
export async function exposureFindings(path: string): Promise<Finding[]> {
  const mode = (await modeOf(path)) ?? 0;
  if (!(mode & 0o077)) return [];
  const message = `others may read the key (mode ${mode.toString(8)})`;
  return [doubtful(path, 'key-exposed', message, `chmod 600 ${path}`)];
}

/** Whether others than its owner can put something else where a file is. */
export async function writableFindings(path: string): Promise<Finding[]> {
  const [own, folder] = await Promise.all([modeOf(path), modeOf(dirname(path))]);
  const findings: Finding[] = [];
  if ((own ?? 0) & 0o022) {
    findings.push(doubtful(path, 'file-writable', 'others may write it', `chmod go-w ${path}`));
  }
  if ((folder ?? 0) & 0o022 && !((folder ?? 0) & 0o1000)) {
    findings.push(doubtful(path, 'file-writable', 'others may write in its folder', `chmod go-w ${dirname(path)}`));
  }
  return findings;
}

export function unreadable(error: PkiError, path: string, what: 'certificate' | 'key' | 'authority'): Finding {
  const missing = error.code === 'file-missing' && what !== 'authority';
  const code = missing ? (`${what}-missing` as const) : (`${what}-unreadable` as const);
  const { message, hint } = error;
  return { code, severity: 'error', message, path, ...(hint === undefined ? {} : { hint }) };
}
