// Certificate requests: PKCS #10 (RFC 2986).
import { toPem } from '../pem.js';
import { nameExtensions, type Subject, subjectOf, type Usages, usageExtensions } from './certificate.js';
import { type PrivateKey, signingPair } from './signer.js';
import { x509 } from './x509.js';

/** @param wanted what it asks to be, beside names. @returns the request in PEM */
export async function requestOf(subject: Subject, key: PrivateKey, wanted?: Usages): Promise<string> {
  const { keys, algorithm, crypto } = await signingPair(key);
  const usages = wanted === undefined ? [] : usageExtensions(wanted);
  const made = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: subjectOf(subject),
      extensions: [...usages, ...nameExtensions(subject)],
      signingAlgorithm: algorithm,
      keys,
    },
    crypto,
  );
  return toPem('CERTIFICATE REQUEST', new Uint8Array(made.rawData));
}
