// Makes certificate requests: PKCS #10 (RFC 2986).
import type { KeyObject } from 'node:crypto';
import { describeKey, keyTypeOf } from './keys.js';
import { attributeReasons, grantedNames, type Refusal, refuse } from './policy.js';
import { sign } from './signing.js';

export interface NewCertificateRequest {
  /** The private key; it signs, and only its public half is in the request. */
  readonly key: KeyObject;
  readonly commonName: string;
  /** Subject alternative names as text. */
  readonly names?: readonly string[];
}

/** @returns the request in PEM. @throws PkiError `request-refused` with every reason */
export async function makeCertificateRequest(request: NewCertificateRequest): Promise<string> {
  const { key, commonName, names = [] } = request;
  const keyType = keyTypeOf(key);
  const reasons: Refusal[] = attributeReasons(commonName).map((reason) => ({ field: 'commonName', reason }));
  if (keyType === undefined)
    reasons.push({ field: 'key', reason: `a key of type ${describeKey(key)} is not certified` });
  if (reasons.length > 0 || keyType === undefined) refuse(`${JSON.stringify(commonName)}`, reasons);
  return sign('request', { commonName, names: grantedNames(names) }, { key, keyType });
}
