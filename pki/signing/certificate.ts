// The one caller of the certificate generator: turns what policy granted into a signed certificate.
import { createHash } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
} from '@peculiar/asn1-x509';
import type { Extension, GeneralNameType, KeyUsageFlags, Name } from '@peculiar/x509';
import { networkOctets, type Subtree } from '../name-constraints.js';
import type { NameKind, SubjectName } from '../names.js';
import type { Validity } from '../policy.js';
import type { KeyUsage, Profile } from '../profiles.js';
import type { Signer, SigningKey } from './signer.js';
import { x509 } from './x509.js';

/** Whose a certificate is. */
export interface Subject {
  /** Empty for none. */
  readonly commonName: string;
  readonly organization?: string | undefined;
  readonly names: readonly SubjectName[];
}

/** What a key may be used for. */
export interface Usages {
  readonly profile: Profile;
  readonly isRsa: boolean;
  /** Authorities only: what may stand below them; everything when absent. */
  readonly permitted?: readonly Subtree[];
}

/** What is to be signed; policy has agreed to all of it. */
export interface Grant extends Validity, Subject, Usages {
  /** Hexadecimal. */
  readonly serial: string;
  /** The key to be certified: SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** Self-signed without an issuer. @returns the certificate in PEM */
export async function certificateOf(grant: Grant, signingKey: SigningKey, issuer?: Signer): Promise<string> {
  const subject = subjectOf(grant);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: grant.serial,
      subject,
      issuer: issuer?.certificate.subjectName ?? subject,
      notBefore: grant.notBefore,
      notAfter: grant.notAfter,
      publicKey: grant.publicKey,
      signingKey: signingKey.key,
      signingAlgorithm: signingKey.algorithm,
      extensions: [...extensionsOf(grant), ...(issuer === undefined ? [] : [issuer.authorityKeyId])],
    },
    signingKey.crypto,
  );
  return `${certificate.toString('pem')}\n`;
}

const extensionsOf = (grant: Grant): Extension[] => [
  ...usageExtensions(grant),
  ...nameExtensions(grant),
  subjectKeyId(grant.publicKey),
];

/** UTF8String given outright: the generator would read `#` and quotes in plain text as syntax. */
export function subjectOf({ commonName, organization }: Subject): Name {
  return new x509.Name([
    ...(organization === undefined ? [] : [{ O: [{ utf8String: organization }] }]),
    ...(commonName === '' ? [] : [{ CN: [{ utf8String: commonName }] }]),
  ]);
}

/** RFC 5280 4.2.1.2 leaves the method open: SHA-256 of the public key's DER form, cut to the 20 octets that are usual. */
const subjectKeyId = (publicKey: Uint8Array): Extension =>
  new x509.SubjectKeyIdentifierExtension(createHash('sha256').update(publicKey).digest('hex').slice(0, 40));

const knownUsages = new Map<string, readonly Extension[]>();

/** A profile's are the same for all that it is given to, and a tenth of the work. */
export function usageExtensions({ profile, isRsa, permitted }: Usages): readonly Extension[] {
  const wanted = JSON.stringify([profile, isRsa, permitted]);
  const extensions = knownUsages.get(wanted) ?? [...newUsageExtensions(profile, isRsa), ...constraintsOf(permitted)];
  knownUsages.set(wanted, extensions);
  return extensions;
}

function newUsageExtensions({ keyUsages, extendedUsages, pathLength }: Profile, isRsa: boolean): readonly Extension[] {
  const isAuthority = keyUsages.includes('keyCertSign');
  const extensions: Extension[] = [
    new x509.BasicConstraintsExtension(isAuthority, pathLength, true),
    new x509.KeyUsagesExtension(usageFlags(keyUsages, isRsa), true),
  ];
  if (extendedUsages.length === 0) return extensions;
  return [
    ...extensions,
    new x509.ExtendedKeyUsageExtension(extendedUsages.map((usage) => x509.ExtendedKeyUsage[usage])),
  ];
}

/** Critical, as it has to be (RFC 5280 4.2.1.10): whoever does not know it must not pass over it. */
function constraintsOf(permitted: readonly Subtree[] | undefined): Extension[] {
  if (permitted === undefined) return [];
  const subtrees = permitted.map((subtree) => {
    if (subtree.kind === 'dns') return new GeneralSubtree({ base: new GeneralName({ dNSName: subtree.value }) });
    return new GeneralSubtree({ base: networkName(networkOctets(subtree)) });
  });
  const constraints = new NameConstraints({ permittedSubtrees: new GeneralSubtrees(subtrees) });
  return [new x509.Extension(id_ce_nameConstraints, true, AsnConvert.serialize(constraints))];
}

/** By its octets, `[7]`: the library's own way from text to addresses has no words for masks. */
const networkName = (octets: Buffer): GeneralName =>
  AsnConvert.parse(Buffer.concat([Buffer.from([0x87, octets.length]), octets]), GeneralName);

/** Critical where the subject is empty: then the names alone say whose it is (RFC 5280 4.2.1.6). */
export function nameExtensions({ names, commonName, organization }: Subject): Extension[] {
  if (names.length === 0) return [];
  const general = names.map(({ kind, value }) => ({ type: generalNames[kind], value }));
  const critical = commonName === '' && organization === undefined;
  return [new x509.SubjectAlternativeNameExtension(general, critical)];
}

const generalNames: Readonly<Record<NameKind, GeneralNameType>> = { dns: 'dns', ip: 'ip', email: 'email', uri: 'url' };

/** RSA leaves may also be asked to unwrap a key: TLS 1.2 without forward secrecy still exists. */
function usageFlags(usages: readonly KeyUsage[], isRsa: boolean): KeyUsageFlags {
  const isRsaLeaf = isRsa && usages.includes('digitalSignature');
  const all: readonly KeyUsage[] = isRsaLeaf ? [...usages, 'keyEncipherment'] : usages;
  return all.reduce((flags: KeyUsageFlags, usage) => flags | x509.KeyUsageFlags[usage], 0);
}
