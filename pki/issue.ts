// The one caller of the certificate generator: turns what policy granted into a signed certificate.
import 'reflect-metadata';
import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type GeneralNameType,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { NameKind, SubjectName } from './names.js';
import type { Validity } from './policy.js';
import { type KeyUsage, type ProfileName, profiles } from './profiles.js';
import type { Signer, SigningKey } from './signer.js';

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
  sign(grant, signer, signer.certificate.subjectName, [new AuthorityKeyIdentifierExtension(signer.keyId)]);

/** @returns the self-signed certificate in PEM. */
export const issueRoot = (grant: Grant, signingKey: SigningKey): Promise<string> =>
  sign(grant, signingKey, subjectOf(grant), []);

async function sign(grant: Grant, { key, algorithm }: SigningKey, issuer: Name, extra: Extension[]): Promise<string> {
  const publicKey = createPublicKey(grant.key).export({ type: 'spki', format: 'der' });
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: subjectOf(grant),
    issuer,
    notBefore: grant.notBefore,
    notAfter: grant.notAfter,
    publicKey,
    signingKey: key,
    signingAlgorithm: algorithm,
    extensions: [...extensionsOf(grant), await SubjectKeyIdentifierExtension.create(publicKey), ...extra],
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
  return new Name([...fields, { CN: [{ utf8String: commonName }] }]);
}

function extensionsOf(grant: Grant): Extension[] {
  const { keyUsages, extendedUsages, pathLength } = profiles[grant.profile];
  const isAuthority = keyUsages.includes('keyCertSign');
  const extensions: Extension[] = [
    new BasicConstraintsExtension(isAuthority, pathLength, true),
    new KeyUsagesExtension(usageFlags(keyUsages, grant.key), true),
  ];
  if (extendedUsages.length > 0) {
    extensions.push(new ExtendedKeyUsageExtension(extendedUsages.map((usage) => ExtendedKeyUsage[usage])));
  }
  if (grant.names.length > 0) {
    const names = grant.names.map(({ kind, value }) => ({ type: generalNames[kind], value }));
    extensions.push(new SubjectAlternativeNameExtension(names));
  }
  return extensions;
}

const generalNames: Readonly<Record<NameKind, GeneralNameType>> = { dns: 'dns', ip: 'ip', email: 'email', uri: 'url' };

/** RSA leaves may also be asked to unwrap a key: TLS 1.2 without forward secrecy still exists. */
function usageFlags(usages: readonly KeyUsage[], key: KeyObject): KeyUsageFlags {
  const isRsaLeaf = key.asymmetricKeyType === 'rsa' && usages.includes('digitalSignature');
  const all: readonly KeyUsage[] = isRsaLeaf ? [...usages, 'keyEncipherment'] : usages;
  return all.reduce((flags: KeyUsageFlags, usage) => flags | KeyUsageFlags[usage], 0);
}
