// A certificate request (PKCS #10, RFC 2986) as plain data: who asks, for what, with which key, and whether they have that key.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { type AskedExtensions, askedExtensions, noExtensions } from './csr-extensions.js';
import { contextTag, DerError, type DerValue, derTags, expectTag, readInside, readOid, readValue } from './der.js';
import { textOf } from './der-text.js';
import { PkiError } from './errors.js';
import { derOf, toPem } from './pem.js';
import { signatureAlgorithms, signatureHolds, weakSignatureAlgorithms } from './signature-algorithms.js';

/** One attribute of the subject, as it stands. */
export interface SubjectField {
  /** `CN`, `O`… or the object identifier in dotted decimals. */
  readonly name: string;
  readonly value: string;
}

/** What a request says. Nothing of it is granted by being said: policy decides. */
export interface CertificateRequest extends AskedExtensions {
  /** Its file, in the words of whoever reads a message. */
  readonly where: string;
  /** All of it, whatever form it came in. */
  readonly pem: string;
  readonly publicKey: KeyObject;
  readonly subject: readonly SubjectField[];
  /** Names of attributes other than extensions, a challenge password among them; not their values. */
  readonly otherAttributes: readonly string[];
  /** Why whoever made it did not show that they have the key; undefined when they did. */
  readonly unproven: string | undefined;
}

/** Larger than any request that policy would grant. */
export const requestSizeMax = 65_536;

const subjectNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
};

const attributeNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.2.840.113549.1.9.7': 'challengePassword',
};

const extensionRequest = '1.2.840.113549.1.9.14';

/**
 * Reads a request in PEM or DER, as openssl, certtool, step and we write them.
 * @param where the file, in the words of whoever reads a message
 * @throws PkiError `request-unreadable`
 */
export function parseCertificateRequest(bytes: Buffer, where: string): CertificateRequest {
  if (bytes.length > requestSizeMax) {
    const what = `${where} has ${bytes.length} bytes, and a certificate request at most ${requestSizeMax}`;
    throw new PkiError('request-unreadable', what, { where, bytes: bytes.length }, { hint: 'ask for fewer names' });
  }
  const labels = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'] as const;
  const encoded = derOf(bytes, { code: 'request-unreadable', what: 'certificate request', labels, where });
  try {
    return { where, pem: toPem(labels[0], encoded), ...fromDer(encoded) };
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    const hint = 'it is damaged, or something else: make it again (quorate user request NAME)';
    const what = `${where} is no certificate request: ${cause.message}`;
    throw new PkiError('request-unreadable', what, { where }, { hint, cause });
  }
}

function fromDer(encoded: Buffer): Omit<CertificateRequest, 'where' | 'pem'> {
  const [info, algorithm, signature, ...rest] = readInside(readValue(encoded), derTags.sequence, 'the request');
  if (rest.length > 0) throw new DerError('something follows its signature');
  const [version, subject, key, attributes, ...more] = readInside(info, derTags.sequence, 'what is signed');
  if (expectTag(version, derTags.integer, 'the version').content.toString('hex') !== '00') {
    throw new DerError('its version is not 1');
  }
  if (more.length > 0) throw new DerError('something follows its attributes');
  const publicKey = publicKeyOf(expectTag(key, derTags.sequence, 'the public key'));
  const signed = expectTag(info, derTags.sequence, 'what is signed').whole;
  return {
    publicKey,
    subject: subjectOf(subject),
    ...attributesOf(attributes),
    unproven: objectionTo(algorithm, signature, publicKey, signed),
  };
}

function publicKeyOf({ whole }: DerValue): KeyObject {
  try {
    return createPublicKey({ key: whole, format: 'der', type: 'spki' });
  } catch (cause) {
    throw new DerError('its public key can not be read', { cause });
  }
}

function subjectOf(value: DerValue | undefined): SubjectField[] {
  return readInside(value, derTags.sequence, 'the subject').flatMap((part) =>
    readInside(part, derTags.set, 'a part of the subject').map((field) => {
      const [oid, text] = readInside(field, derTags.sequence, 'a field of the subject');
      const type = readOid(oid, "a subject field's type");
      const name = subjectNames[type] ?? type;
      return { name, value: textOf(text, `${name} of the subject`) };
    }),
  );
}

function attributesOf(value: DerValue | undefined): AskedExtensions & Pick<CertificateRequest, 'otherAttributes'> {
  // Some writers leave an empty set out.
  const all = value === undefined ? [] : readInside(value, contextTag(0, true), 'the attributes');
  const attributes = all.map((attribute) => {
    const [oid, values] = readInside(attribute, derTags.sequence, 'an attribute');
    return { oid: readOid(oid, "an attribute's type"), values };
  });
  const requests = attributes.filter(({ oid }) => oid === extensionRequest);
  if (requests.length > 1) throw new DerError('it asks for extensions in two places');
  const otherAttributes = attributes
    .filter(({ oid }) => oid !== extensionRequest)
    .map(({ oid }) => attributeNames[oid] ?? oid);
  const [request] = requests;
  if (request === undefined) return { ...noExtensions, otherAttributes };
  const lists = readInside(request.values, derTags.set, 'the extensions that it asks for');
  if (lists.length !== 1) throw new DerError('it asks for extensions in two places');
  return { ...askedExtensions(lists[0]), otherAttributes };
}

/** Proof of possession: only who has the private key can have signed what stands in the request (RFC 2986 4.2). */
function objectionTo(
  algorithm: DerValue | undefined,
  signature: DerValue | undefined,
  key: KeyObject,
  signed: Buffer,
): string | undefined {
  const [type, parameters, ...more] = readInside(algorithm, derTags.sequence, 'the signature algorithm');
  const oid = readOid(type, 'the signature algorithm');
  const weak = weakSignatureAlgorithms[oid];
  if (weak !== undefined) return `it is signed with ${weak}, which can be forged: sign it with SHA-256`;
  const [keyType] = signatureAlgorithms[oid] ?? [];
  if (keyType === undefined) return `it is signed in a way that is not read here (${oid})`;
  if (more.length > 0 || (parameters !== undefined && parameters.whole.toString('hex') !== '0500')) {
    throw new DerError('its signature algorithm has parameters that it can not have');
  }
  if (keyType !== key.asymmetricKeyType) {
    return `it is signed as by a key of type ${keyType}, and its key is of type ${key.asymmetricKeyType}`;
  }
  const [unused, ...octets] = expectTag(signature, derTags.bitString, 'the signature').content;
  const holds = unused === 0 && signatureHolds(oid, key, signed, Buffer.from(octets));
  return holds ? undefined : 'its signature does not hold: it was changed, or made with another key than the one in it';
}

/** The values of one field of the subject, in order. */
export const subjectValues = ({ subject }: Pick<CertificateRequest, 'subject'>, name: string): string[] =>
  subject.filter((field) => field.name === name).map(({ value }) => value);
