import { constants, type VerifyPublicKeyInput, verify, type X509Certificate } from 'node:crypto';
import { nameOf } from './certificate-id.js';
import {
  type DerValue,
  derItems,
  derObjectId,
  derSequence,
  derSerial,
  derTags,
  derTime,
  isTime,
  readDer,
} from './der.js';

/** One list of revoked certificates (RFC 5280 5), its signature verified. */
export interface Crl {
  /** DER of the name of the authority that signed it, as text. */
  readonly issuer: string;
  /** Serial numbers. */
  readonly revoked: ReadonlySet<string>;
  /** When a newer one was promised; undefined: never. */
  readonly nextUpdate: Date | undefined;
}

/**
 * Reads the lists of a file, DER or PEM (several of them, then), and verifies each.
 * @param authorities whose lists count
 * @throws Error with a reason that a person can act on
 */
export function readCrls(content: Buffer, authorities: readonly X509Certificate[]): readonly Crl[] {
  return dersOf(content).map((der) => readCrl(der, authorities));
}

function dersOf(content: Buffer): readonly Buffer[] {
  const text = content.toString('latin1');
  if (content[0] === derTags.sequence) return [content];
  const blocks = [...text.matchAll(/-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----/g)];
  const begun = text.match(/-----BEGIN /g)?.length ?? 0;
  if (blocks.length === 0 || blocks.length < begun)
    throw new Error('it holds something else than whole revocation lists');
  return blocks.map(([, base64]) => Buffer.from(base64 ?? '', 'base64'));
}

function readCrl(der: Buffer, authorities: readonly X509Certificate[]): Crl {
  const [list, algorithm, signature] = derSequence(readDer(der));
  // The first byte of a bit string counts unused bits.
  if (list === undefined || signature?.tag !== derTags.bitString || signature.content[0] !== 0)
    throw new Error('it is no revocation list');
  const fields = [...derSequence(list)];
  if (fields[0]?.tag === derTags.integer) fields.shift();
  const [inner, name, , ...rest] = fields;
  if (inner?.whole.equals(algorithm?.whole ?? Buffer.alloc(0)) !== true) throw new Error('it is no revocation list');
  const issuer = name?.whole.toString('latin1') ?? '';
  assertSigned(list.whole, algorithm, signature.content.subarray(1), issuer, authorities);
  const nextUpdate = isTime(rest[0]) ? derTime(rest.shift()) : undefined;
  const entries = rest[0]?.tag === derTags.sequence ? derSequence(rest[0]) : [];
  assertUnderstood(rest.find(({ tag }) => tag === 0xa0));
  return { issuer, revoked: new Set(entries.map((entry) => derSerial(derSequence(entry)[0]))), nextUpdate };
}

function assertSigned(
  list: Buffer,
  algorithm: DerValue | undefined,
  signature: Buffer,
  issuer: string,
  authorities: readonly X509Certificate[],
): void {
  const named = authorities.filter((authority) => nameOf(authority) === issuer);
  if (named.length === 0) throw new Error('it is signed by an authority that is not trusted here');
  const { hash, padding } = signatureMethod(algorithm);
  const isBy = (authority: X509Certificate): boolean => {
    const key: VerifyPublicKeyInput = { key: authority.publicKey.export({ type: 'spki', format: 'pem' }) };
    return verify(hash, list, padding === undefined ? key.key : { ...key, padding }, signature);
  };
  if (!named.some(isBy)) throw new Error('its signature is not that of the authority that it names');
}

const hashes: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const hashInKey = new Set(['1.3.101.112', '1.3.101.113']);
const rsaPss = '1.2.840.113549.1.1.10';

function signatureMethod(algorithm: DerValue | undefined): { readonly hash: string | null; readonly padding?: number } {
  const [id, parameters] = derSequence(algorithm);
  const method = derObjectId(id);
  if (hashInKey.has(method)) return { hash: null };
  if (method === rsaPss) return { hash: pssHash(parameters), padding: constants.RSA_PKCS1_PSS_PADDING };
  const hash = hashes[method];
  if (hash === undefined) throw new Error(`it is signed in a way that is not accepted (${method})`);
  return { hash };
}

function pssHash(parameters: DerValue | undefined): string {
  const chosen = derSequence(parameters).find(({ tag }) => tag === 0xa0);
  const [id] = chosen === undefined ? [] : derSequence(derItems(chosen)[0]);
  const hash = id === undefined ? undefined : hashes[derObjectId(id)];
  if (hash === undefined) throw new Error('it is signed in a way that is not accepted (RSA-PSS with SHA-1)');
  return hash;
}

const deltaCrl = '2.5.29.27';
const issuingPoint = '2.5.29.28';
const indirect = 0x84;

// A list that speaks of other lists or of other authorities' certificates would be read wrongly.
function assertUnderstood(extensions: DerValue | undefined): void {
  if (extensions === undefined) return;
  for (const extension of derSequence(derItems(extensions)[0])) {
    const [id, ...rest] = derSequence(extension);
    const name = derObjectId(id);
    const value = rest.at(-1);
    if (name === deltaCrl) throw new Error('it holds changes to another list only (a delta CRL)');
    if (name === issuingPoint) {
      const parts = value === undefined ? [] : derSequence(readDer(value.content));
      const isIndirect = parts.some(({ tag, content }) => tag === indirect && content[0] !== 0);
      if (isIndirect) throw new Error("it lists other authorities' certificates (an indirect CRL)");
    } else if (rest.length === 2) {
      throw new Error(`it has a critical extension that is not understood (${name})`);
    }
  }
}
