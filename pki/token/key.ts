// A private key that stays on its token: it is asked to sign, and never seen.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { derTags, expectTag, readValue } from '../der.js';
import { PkiError } from '../errors.js';
import { type KeyType, keyTypeOf } from '../keys.js';
import { type Cryptoki, constants, type Handle, loadModule, resultOf, type TokenInfo } from './cryptoki.js';
import { parseTokenUri, type TokenUri } from './uri.js';

const { attribute, object, keyType: keyTypes, mechanism, session: sessionFlags, result } = constants;

/** What opens a key on a token. */
export interface TokenAccess {
  readonly uri: string;
  readonly pin?: string | undefined;
  /** Make a key of this type where there is none. */
  readonly create?: KeyType;
}

/** Named curves, as CKA_EC_PARAMS has them in DER. */
const curves: Readonly<Record<string, string>> = { '06082a8648ce3d030107': 'P-256', '06052b81040022': 'P-384' };
const curveOctets: Partial<Record<KeyType, string>> = {
  'ecdsa-p256': '06082a8648ce3d030107',
  'ecdsa-p384': '06052b81040022',
};
/** Of the longest signature, RSA with 4096 bits. */
const signatureOctetsMax = 512;

export class TokenKey {
  readonly uri: string;
  readonly publicKey: KeyObject;
  readonly #cryptoki: Cryptoki;
  readonly #session: Handle;
  readonly #key: Handle;

  /** @internal openTokenKey makes them. */
  constructor(uri: string, publicKey: KeyObject, session: OpenSession, key: Handle) {
    this.uri = uri;
    this.publicKey = publicKey;
    this.#cryptoki = session.cryptoki;
    this.#session = session.session;
    this.#key = key;
  }

  /**
   * ECDSA as r and s, one behind the other; RSA as PKCS #1 1.5. The loop waits for it: a session has one signature at a time.
   * @throws PkiError `token-failed`
   */
  sign(digest: string | null, octets: Uint8Array): Buffer {
    const isRsa = this.publicKey.asymmetricKeyType === 'rsa';
    const data = isRsa
      ? Buffer.from(octets)
      : createHash(digest ?? 'sha256')
          .update(octets)
          .digest();
    try {
      this.#cryptoki.C_SignInit(this.#session, { mechanism: isRsa ? mechanism.sha256Rsa : mechanism.ecdsa }, this.#key);
      return Buffer.from(this.#cryptoki.C_Sign(this.#session, data, Buffer.alloc(signatureOctetsMax)));
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      throw failed(`${this.uri} did not sign: ${what}`, 'is the token still there? The same command goes on', cause);
    }
  }

  close(): void {
    this.#cryptoki.C_CloseSession(this.#session);
  }
}

interface OpenSession {
  readonly cryptoki: Cryptoki;
  readonly session: Handle;
}

/**
 * Signs in to the token and finds the key.
 * @throws PkiError `passphrase-needed` and `passphrase-wrong` for the PIN, `token-refused`, `token-failed`
 */
export async function openTokenKey({ uri: text, pin, create }: TokenAccess): Promise<TokenKey> {
  const uri = parseTokenUri(text);
  const where = `the token ${uri.token.label ?? uri.token.serialNumber ?? uri.text}`;
  if (pin === undefined) {
    const hint = 'at a terminal it is asked for; else --ca-passphrase-fd N reads it, or QUORATE_CA_PASSPHRASE has it';
    const details = { where, secret: 'PIN' };
    throw new PkiError('passphrase-needed', `nothing gives the PIN of ${where}`, details, { hint });
  }
  const cryptoki = await loadModule(uri.modulePath);
  const slot = findSlot(cryptoki, uri, where);
  const flags = sessionFlags.serial | (create === undefined ? 0 : sessionFlags.readWrite);
  const opened = { cryptoki, session: cryptoki.C_OpenSession(slot, flags) };
  try {
    signIn(opened, pin, where);
    const key = findKey(opened, uri, where) ?? (create === undefined ? undefined : generate(opened, uri, create));
    if (key === undefined)
      throw failed(`there is no private key ${nameOf(uri)} on ${where}`, 'pkcs11-tool -O lists what is on it');
    return new TokenKey(text, publicKeyOf(opened, uri, where), opened, key);
  } catch (error) {
    cryptoki.C_CloseSession(opened.session);
    if (error instanceof PkiError) throw error;
    throw failed(`${where}: ${error instanceof Error ? error.message : String(error)}`, undefined, error);
  }
}

const failed = (what: string, hint?: string, cause?: unknown): PkiError =>
  new PkiError('token-failed', what, {}, { ...(hint && { hint }), cause });

const nameOf = ({ object: label, id }: TokenUri): string => label ?? `with the id ${id?.toString('hex')}`;

function findSlot(cryptoki: Cryptoki, { token }: TokenUri, where: string): Handle {
  const fits = (info: TokenInfo): boolean =>
    Object.entries(token).every(([field, value]) => info[field as keyof TokenInfo].replace(/[ \0]+$/, '') === value);
  const found = cryptoki.C_GetSlotList(true).filter((slot) => fits(cryptoki.C_GetTokenInfo(slot)));
  const [slot, ...more] = found;
  if (slot === undefined) throw failed(`${where} is not there`, 'plug it in; pkcs11-tool -L lists those that are');
  if (more.length > 0) throw failed(`there are ${found.length} tokens like ${where}`, 'add serial= to the URI');
  return slot;
}

function signIn({ cryptoki, session }: OpenSession, pin: string, where: string): void {
  try {
    cryptoki.C_Login(session, constants.user, pin);
  } catch (cause) {
    const code = resultOf(cause);
    if (code === result.loggedIn) return;
    if (code === result.pinLocked)
      throw failed(`the PIN of ${where} is locked`, 'its security officer sets a new one', cause);
    if (code !== result.pinIncorrect && code !== result.pinInvalid && code !== result.pinLength) throw cause;
    const hint = 'a token may lock itself after some wrong ones';
    throw new PkiError('passphrase-wrong', `the PIN does not open ${where}`, { where, secret: 'PIN' }, { hint, cause });
  }
}

function find({ cryptoki, session }: OpenSession, kind: number, { object: label, id }: TokenUri): Handle[] {
  cryptoki.C_FindObjectsInit(session, [
    { type: attribute.class, value: kind },
    ...(label === undefined ? [] : [{ type: attribute.label, value: Buffer.from(label) }]),
    ...(id === undefined ? [] : [{ type: attribute.id, value: id }]),
  ]);
  try {
    return cryptoki.C_FindObjects(session, 2);
  } finally {
    cryptoki.C_FindObjectsFinal(session);
  }
}

function findKey(opened: OpenSession, uri: TokenUri, where: string): Handle | undefined {
  const [key, another] = find(opened, object.privateKey, uri);
  if (another !== undefined)
    throw failed(`there is more than one private key ${nameOf(uri)} on ${where}`, 'add id= to the URI');
  return key;
}

function publicKeyOf(opened: OpenSession, uri: TokenUri, where: string): KeyObject {
  const [found] = find(opened, object.publicKey, uri);
  if (found === undefined) throw failed(`there is no public key ${nameOf(uri)} on ${where}, beside the private one`);
  const { cryptoki, session } = opened;
  const valuesOf = (...types: readonly number[]): Buffer[] =>
    cryptoki
      .C_GetAttributeValue(
        session,
        found,
        types.map((type) => ({ type })),
      )
      .map(({ value }) => value);
  const [kind] = valuesOf(attribute.keyType);
  if (kind?.[0] === keyTypes.rsa) {
    const [n = '', e = ''] = valuesOf(attribute.modulus, attribute.publicExponent).map(inBase64);
    return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
  }
  const [parameters, point] = kind?.[0] === keyTypes.ec ? valuesOf(attribute.ecParameters, attribute.ecPoint) : [];
  const crv = curves[parameters?.toString('hex') ?? ''];
  if (crv === undefined || point === undefined)
    throw failed(`the key ${nameOf(uri)} on ${where} is of a type that does not sign here`);
  const whole = expectTag(readValue(point), derTags.octetString, 'the point').content;
  const half = (whole.length - 1) / 2;
  const [x, y] = [inBase64(whole.subarray(1, 1 + half)), inBase64(whole.subarray(1 + half))];
  return createPublicKey({ key: { kty: 'EC', crv, x, y }, format: 'jwk' });
}

const inBase64 = (octets: Buffer): string => octets.toString('base64url');

/** It can't leave the token: not in clear, and not wrapped. */
function generate({ cryptoki, session }: OpenSession, { object: label, id }: TokenUri, type: KeyType): Handle {
  const named = [
    { type: attribute.token, value: true },
    ...(label === undefined ? [] : [{ type: attribute.label, value: Buffer.from(label) }]),
    ...(id === undefined ? [] : [{ type: attribute.id, value: id }]),
  ];
  const curve = curveOctets[type];
  const bits = /^rsa-(\d+)$/.exec(type)?.[1];
  if (curve === undefined && bits === undefined)
    throw failed(`a key of type ${type} is not made on a token`, 'ecdsa or rsa');
  const shape =
    curve === undefined
      ? [
          { type: attribute.modulusBits, value: Number(bits) },
          { type: attribute.publicExponent, value: Buffer.from([1, 0, 1]) },
        ]
      : [{ type: attribute.ecParameters, value: Buffer.from(curve, 'hex') }];
  const kind = curve === undefined ? mechanism.generateRsa : mechanism.generateEc;
  const secret = [
    { type: attribute.private, value: true },
    { type: attribute.sensitive, value: true },
    { type: attribute.extractable, value: false },
    { type: attribute.sign, value: true },
  ];
  const verifies = { type: attribute.verify, value: true };
  return cryptoki.C_GenerateKeyPair(session, { mechanism: kind }, [...named, verifies, ...shape], [...named, ...secret])
    .privateKey;
}

/** A key of an authority: in memory, or on a token. */
export type AuthorityKey = KeyObject | TokenKey;

export const isOnToken = (key: unknown): key is TokenKey => key instanceof TokenKey;

/** What of it everybody may see: for a key in memory itself, which has that half too. */
export const publicHalf = (key: AuthorityKey): KeyObject => (isOnToken(key) ? key.publicKey : key);

export const authorityKeyType = (key: AuthorityKey): KeyType | undefined => keyTypeOf(publicHalf(key));
