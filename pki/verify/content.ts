// What a certificate says, against what it is for.
import { type Certificate, openCertificate, signedBy } from '../certificate.js';
import { DerError, derTags, expectTag, readValue } from '../der.js';
import { type CertificateFields, extensionOf, readCertificateFields } from '../fields/certificate.js';
import { describeKey } from '../keys.js';
import { checkName } from '../names.js';
import type { ExtendedUsage } from '../profiles.js';
import { weakSignatureAlgorithms } from '../signature-algorithms.js';
import { doubtful, type Finding, failing } from './finding.js';

/** What a certificate is for. */
export type CertificateUse = 'server' | 'peer' | 'client' | 'authority';

export interface Expected {
  /** Judged by what it says that it may do when absent. */
  readonly use?: CertificateUse;
  readonly commonName?: string;
  /** What it is dialled by, or has to prove. None are compared when absent. */
  readonly names?: readonly string[];
  /** A domain below which it may have no name. */
  readonly forbiddenDomain?: string;
}

const rsaBitsMin = 2048;
/** Those of Go, which are the ones that every reader has. */
const curves: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];

const again = 'issue it again';

/** Keys that can be computed or are not read everywhere, signatures that can be forged. */
export function strengthFindings(certificate: Certificate, path: string): Finding[] {
  return [...keyStrength(certificate, path), ...signatureStrength(certificate, path)];
}

function keyStrength(certificate: Certificate, path: string): Finding[] {
  const hint = `${again} with a new key`;
  try {
    const key = openCertificate(certificate.pem, path).publicKey;
    const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
    const type = key.asymmetricKeyType;
    const fine =
      type === 'ed25519' ||
      (type === 'rsa' && (modulusLength ?? 0) >= rsaBitsMin) ||
      (type === 'ec' && curves.includes(namedCurve ?? ''));
    if (fine) return [];
    const message = `${certificate.commonName} has a key of type ${describeKey(key)}`;
    return [failing(path, 'weak-key', message, hint)];
  } catch {
    return [failing(path, 'weak-key', `${certificate.commonName} has a key that can not be read`, hint)];
  }
}

function signatureStrength(certificate: Certificate, path: string): Finding[] {
  const oid = fieldsOf(certificate)?.algorithm.oid ?? '';
  const digest = weakSignatureAlgorithms[oid];
  // Nobody looks at a root's own signature.
  if (digest === undefined || signedBy(certificate, certificate)) return [];
  return [failing(path, 'weak-signature', `${certificate.commonName} is signed with ${digest}`, again)];
}

/** Undefined for what is not DER: OpenSSL reads more. */
function fieldsOf({ pem }: Certificate): CertificateFields | undefined {
  try {
    return readCertificateFields(openCertificate(pem, 'it').raw);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

const usagesOf: Readonly<Record<Exclude<CertificateUse, 'authority'>, readonly [ExtendedUsage[], why: string]>> = {
  server: [['serverAuth', 'clientAuth'], "etcd's JSON gateway dials its own member with it"],
  peer: [['serverAuth', 'clientAuth'], 'members dial one another with it'],
  client: [['clientAuth'], 'a client signs in with it'],
};

/** Whether it may be used for what it is for. */
export function usageFindings(leaf: Certificate, path: string, use: CertificateUse | undefined): Finding[] {
  if (use === 'authority') return [];
  const findings: Finding[] = [];
  if (leaf.isAuthority) {
    findings.push(failing(path, 'is-authority', `${leaf.commonName} is an authority's certificate`, again));
  }
  const fields = fieldsOf(leaf);
  if (fields !== undefined && extensionOf(fields, '2.5.29.37') === undefined) {
    findings.push(doubtful(path, 'no-usages', 'it does not say what it may be used for', again));
  } else if (use !== undefined) {
    const [wanted, why] = usagesOf[use];
    const missing = wanted.filter((usage) => !leaf.extendedUsages.includes(usage));
    if (missing.length > 0) {
      findings.push(failing(path, 'wrong-usage', `it lacks ${missing.join(' and ')}: ${why}`, again));
    }
  }
  if (fields !== undefined && !signs(fields)) {
    const message = 'its key usage has no digitalSignature, which every handshake of TLS 1.3 takes';
    findings.push(failing(path, 'wrong-usage', message, again));
  }
  return findings;
}

function signs(fields: CertificateFields): boolean {
  const usage = extensionOf(fields, '2.5.29.15');
  if (usage === undefined) return true;
  try {
    const bits = expectTag(readValue(usage.value), derTags.bitString, 'the key usage').content;
    return ((bits[1] ?? 0) & 0x80) !== 0;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** Whose it is, and what it is dialled by. */
export function nameFindings(leaf: Certificate, path: string, expected: Expected): Finding[] {
  const { commonName, names, forbiddenDomain } = expected;
  const has = leaf.names.map(({ value }) => value);
  const findings: Finding[] = [];
  if (commonName !== undefined && leaf.commonName !== commonName) {
    const message = `its common name is ${JSON.stringify(leaf.commonName)}, not ${JSON.stringify(commonName)}`;
    findings.push(failing(path, 'wrong-name', message, again));
  }
  const dialled = leaf.extendedUsages.includes('serverAuth');
  if (dialled && has.length + leaf.otherNames.length === 0) {
    const hint = 'issue it again with the names and addresses that it is dialled by';
    findings.push(failing(path, 'no-names', 'it has no subject alternative names', hint));
    return findings;
  }
  const forbidden = has.filter((name) => forbiddenDomain !== undefined && `.${name}`.endsWith(`.${forbiddenDomain}`));
  if (forbidden.length > 0)
    findings.push(failing(path, 'name-forbidden', `it has the name ${forbidden.join(', ')}`, again));
  if (names === undefined) return findings;
  const wanted = names.map(normalised);
  const missing = wanted.filter((name) => !has.includes(name));
  if (missing.length > 0) findings.push(failing(path, 'names-missing', `it lacks ${missing.join(', ')}`, again));
  const surplus = [...has.filter((name) => !wanted.includes(name)), ...leaf.otherNames];
  if (surplus.length > 0) {
    findings.push(doubtful(path, 'names-surplus', `it has ${surplus.join(', ')}, which the plan does not know`, again));
  }
  return findings;
}

function normalised(name: string): string {
  const verdict = checkName(name);
  return verdict.accepted ? verdict.name.value : name;
}
