import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { keyFingerprint, readText, spokenFingerprint, subjectValues } from '#pki';
import { kitFiles } from '../layout.js';
import { readRequest } from './approve.js';
import { refusedAnswer } from './plan-with.js';

/**
 * That whoever signed this request has the key of the user's certificate.
 * @throws WizardError `answer-refused` · PkiError `request-unreadable`, or what the disk says
 */
export async function proveKey(dir: string, name: string, requestFile: string): Promise<void> {
  const csr = await readRequest(requestFile);
  const names = subjectValues(csr, 'CN');
  if (names.length !== 1 || names[0] !== name)
    throw refusedAnswer(`${csr.where} is not ${name}'s`, `they type: quorate user request ${name} --key ${name}.key`);
  const { publicKey } = new X509Certificate(await readText(join(dir, kitFiles(name).certificate)));
  if (keyFingerprint(csr.publicKey) === keyFingerprint(publicKey)) return;
  throw refusedAnswer(
    `${csr.where} is signed by another key (${spokenFingerprint(csr.publicKey)}) than the one that ${name} has a certificate for (${spokenFingerprint(publicKey)})`,
    `for a new key: move ${join(dir, kitFiles(name).csr)} away, quorate user approve, and revoke the old certificate`,
  );
}
