// The one caller of the certificate generator: turns what policy granted into a signed certificate.
import { createHash, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Extension, GeneralNameType, KeyUsageFlags, Name } from '@peculiar/x509';
import type { NameKind, SubjectName } from './names.js';
import type { Validity } from './policy.js';
import { type KeyUsage, type ProfileName, profiles } from './profiles.js';
import type { Signer, SigningKey } from './signer.js';
import { x509 } from './x509.js';

/** What is to be signed; policy has agreed to all of it. */
export interface Grant extends Validity {
  readonly profile: ProfileName;
  readonly commonName: string;
  readonly organization?: string;
  readonly names: readonly SubjectName[];
  /** The key to be certified; its public half is all that is used. */
  readonly key: KeyObject;
}

/** @returns the certificate in PEM. */
export const issueLeaf = (grant: Grant, signer: Signer): Promise<string> =>
  sign(grant, signer, signer.certificate.subjectName, [signer.authorityKeyId]);

/** @returns the self-signed certificate in PEM. */
export const issueRoot = (grant: Grant, signingKey: SigningKey): Promise<string> =>
  sign(grant, signingKey, subjectOf(grant), []);

async function sign(grant: Grant, { key, algorithm }: SigningKey, issuer: Name, extra: Extension[]): Promise<string> {
  const publicKey = createPublicKey(grant.key).export({ type: 'spki', format: 'der' });
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: subjectOf(grant),
    issuer,
    notBefore: grant.notBefore,
    notAfter: grant.notAfter,
    publicKey,
    signingKey: key,
    signingAlgorithm: algorithm,
    extensions: [...usageExtensions(grant), ...nameExtensions(grant), subjectKeyId(publicKey), ...extra],
  });
  return `${certificate.toString('pem')}\n`;
}

/**
 * 16 octets (RFC 5280 4.1.2.2: positive, at most 20), 126 bits of them random. With the top bits 01 the DER integer needs
 * no sign octet and loses no leading zero, so a serial reads the same in every tool.
 */
export function newSerial(random: (octets: number) => Buffer = randomBytes): string {
  const octets = random(16);
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets.toString('hex');
}

/** UTF8String given outright: the generator would read `#` and quotes in plain text as syntax. */
function subjectOf({ commonName, organization }: Grant): Name {
  const fields = organization === undefined ? [] : [{ O: [{ utf8String: organization }] }];
  return new x509.Name([...fields, { CN: [{ utf8String: commonName }] }]);
}

/** RFC 5280 4.2.1.2 leaves the method open: SHA-256 of the public key's DER form, cut to the 20 octets that are usual. */
const subjectKeyId = (publicKey: Buffer): Extension =>
  new x509.SubjectKeyIdentifierExtension(createHash('sha256').update(publicKey).digest('hex').slice(0, 40));

function usageExtensions({ profile, key }: Grant): Extension[] {
  const { keyUsages, extendedUsages, pathLength } = profiles[profile];
  const isAuthority = keyUsages.includes('keyCertSign');
  const extensions: Extension[] = [
    new x509.BasicConstraintsExtension(isAuthority, pathLength, true),
    new x509.KeyUsagesExtension(usageFlags(keyUsages, key), true),
  ];
  if (extendedUsages.length === 0) return extensions;
  return [
    ...extensions,
    new x509.ExtendedKeyUsageExtension(extendedUsages.map((usage) => x509.ExtendedKeyUsage[usage])),
  ];
}

function nameExtensions({ names }: Grant): Extension[] {
  if (names.length === 0) return [];
  const general = names.map(({ kind, value }) => ({ type: generalNames[kind], value }));
  return [new x509.SubjectAlternativeNameExtension(general)];
}

const generalNames: Readonly<Record<NameKind, GeneralNameType>> = { dns: 'dns', ip: 'ip', email: 'email', uri: 'url' };

/** RSA leaves may also be asked to unwrap a key: TLS 1.2 without forward secrecy still exists. */
function usageFlags(usages: readonly KeyUsage[], key: KeyObject): KeyUsageFlags {
  const isRsaLeaf = key.asymmetricKeyType === 'rsa' && usages.includes('digitalSignature');
  const all: readonly KeyUsage[] = isRsaLeaf ? [...usages, 'keyEncipherment'] : usages;
  return all.reduce((flags: KeyUsageFlags, usage) => flags | x509.KeyUsageFlags[usage], 0);
}
