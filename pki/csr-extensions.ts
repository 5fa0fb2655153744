// What a request asks to have in its certificate beside the subject.
import { isIP } from 'node:net';
import { contextTag, DerError, type DerValue, derTags, expectTag, readInside, readOid, readValue } from './der.js';
import { ascii } from './der-text.js';
import type { NameKind } from './names.js';

/** A name that is asked for, as it stands: not checked, not normalised. */
export interface AskedName {
  /** What the request says that it is; `other` for kinds that nobody here carries. */
  readonly kind: NameKind | 'other';
  readonly value: string;
}

export interface AskedExtensions {
  readonly names: readonly AskedName[];
  /** Whether it asks to be an authority. */
  readonly asksForAuthority: boolean;
  /** RFC 5280 4.2.1.3's words. */
  readonly keyUsages: readonly string[];
  /** `serverAuth`, `clientAuth`, or the object identifier. */
  readonly extendedUsages: readonly string[];
  /** Other extensions, by name or object identifier. */
  readonly otherExtensions: readonly { readonly name: string; readonly critical: boolean }[];
}

export const noExtensions: AskedExtensions = {
  names: [],
  asksForAuthority: false,
  keyUsages: [],
  extendedUsages: [],
  otherExtensions: [],
};

const bitNames = [
  ...['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement'],
  ...['keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'],
];

const usageNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
};

const otherNames: Readonly<Record<string, string>> = {
  '2.5.29.30': 'nameConstraints',
  '2.5.29.31': 'cRLDistributionPoints',
  '2.5.29.32': 'certificatePolicies',
  '2.5.29.35': 'authorityKeyIdentifier',
  '1.3.6.1.5.5.7.1.1': 'authorityInfoAccess',
  '1.3.6.1.5.5.7.1.24': 'tlsFeature',
};

/** The subject's key identifier follows from the key: whoever asks for one gets it anyway. */
const subjectKeyIdentifier = '2.5.29.14';

const readers: Readonly<Record<string, (value: DerValue) => Partial<AskedExtensions>>> = {
  '2.5.29.15': (value) => ({ keyUsages: keyUsagesOf(value) }),
  '2.5.29.17': (value) => ({ names: namesOf(value) }),
  '2.5.29.19': (value) => ({ asksForAuthority: isAuthority(value) }),
  '2.5.29.37': (value) => ({
    extendedUsages: readInside(value, derTags.sequence, 'the extended key usage')
      .map((usage) => readOid(usage, 'an extended key usage'))
      .map((oid) => usageNames[oid] ?? oid),
  }),
  [subjectKeyIdentifier]: () => ({}),
};

/** @throws DerError */
export function askedExtensions(list: DerValue | undefined): AskedExtensions {
  const seen = new Set<string>();
  const otherExtensions: { name: string; critical: boolean }[] = [];
  let asked = noExtensions;
  for (const extension of readInside(list, derTags.sequence, 'the list of extensions')) {
    const { oid, critical, value } = parts(extension);
    if (seen.has(oid)) throw new DerError(`the extension ${otherNames[oid] ?? oid} is in it twice`);
    seen.add(oid);
    const read = readers[oid];
    if (read === undefined) otherExtensions.push({ name: otherNames[oid] ?? oid, critical });
    else asked = { ...asked, ...read(readValue(value)) };
  }
  return { ...asked, otherExtensions };
}

function parts(extension: DerValue): { oid: string; critical: boolean; value: Buffer } {
  const [oid, ...rest] = readInside(extension, derTags.sequence, 'an extension');
  const value = expectTag(rest.at(-1), derTags.octetString, "an extension's value").content;
  const critical = rest.length > 1 && expectTag(rest[0], derTags.boolean, "an extension's mark").content[0] !== 0;
  if (rest.length > 2) throw new DerError('an extension has more than a mark and a value');
  return { oid: readOid(oid, "an extension's type"), critical, value };
}

function keyUsagesOf(value: DerValue): string[] {
  const [, ...octets] = expectTag(value, derTags.bitString, 'the key usage').content;
  return bitNames.filter((_, bit) => (octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7)));
}

function isAuthority(value: DerValue): boolean {
  const [first] = readInside(value, derTags.sequence, 'the basic constraints');
  return first?.tag === derTags.boolean && first.content[0] !== 0;
}

/** RFC 5280 4.2.1.6, by the tag. */
const nameKinds: Readonly<Record<number, NameKind>> = {
  [contextTag(1)]: 'email',
  [contextTag(2)]: 'dns',
  [contextTag(6)]: 'uri',
  [contextTag(7)]: 'ip',
};

const namesOf = (value: DerValue): AskedName[] =>
  readInside(value, derTags.sequence, 'the subject alternative names').map(({ tag, content, whole }) => {
    const kind = nameKinds[tag];
    if (kind === undefined) return { kind: 'other', value: `0x${whole.toString('hex')}` };
    return { kind, value: kind === 'ip' ? addressOf(content) : ascii(content) };
  });

/** As text; octets that are no address stay octets, which no rule takes for one. */
function addressOf(octets: Buffer): string {
  const groups = (octets.toString('hex').match(/.{4}/g) ?? []).join(':');
  const text = octets.length === 4 ? octets.join('.') : groups;
  return isIP(text) === 0 ? `0x${octets.toString('hex')}` : text;
}
