// What a new authority is made of: a root that signs, or a root and an intermediate that signs below it.
import type { KeyObject } from 'node:crypto';
import { parseCertificate } from './certificate.js';
import type { AuthorityChain } from './chain.js';
import { generateKey, type KeyType, publicKeyDer } from './keys.js';
import type { Subtree } from './name-constraints.js';
import { type Refusal, refuse, rootRefusals, type Validity, validity } from './policy.js';
import { profiles } from './profiles.js';
import { newSerial } from './serial.js';
import type { PrivateKey } from './signing/signer.js';
import { sign } from './signing.js';
import { type AuthorityKey, authorityKeyType, openTokenKey, publicHalf, type TokenAccess } from './token/key.js';

/** Who an authority is, and for how long. */
export interface AuthoritySubject {
  readonly commonName: string;
  readonly days: number;
}

export interface NewAuthorityOptions extends AuthoritySubject {
  readonly keyType: KeyType;
  readonly now: Date;
  /** A root of its own above it; without one it is the root itself. */
  readonly root?: AuthoritySubject | undefined;
  /** Where the key of what signs is, or is to be made. */
  readonly token?: TokenAccess | undefined;
  /** What may stand below what signs; everything when absent. */
  readonly permitted?: readonly Subtree[] | undefined;
}

/** Keys and certificates of an authority that is nowhere yet. */
export interface NewAuthority extends AuthorityChain {
  readonly key: AuthorityKey;
  readonly keyType: KeyType;
  readonly rootKey?: KeyObject;
}

/** @throws PkiError `request-refused` with every reason */
export async function newAuthority(options: NewAuthorityOptions): Promise<NewAuthority> {
  const { root, now } = options;
  const refusals = [options, ...(root === undefined ? [] : [root])].flatMap(refusalsOf);
  if (refusals.length > 0) refuse(`the authority ${JSON.stringify(options.commonName)}`, refusals);
  const { key, keyType } = await newKey(options);
  const constraints = options.permitted === undefined ? {} : { permitted: options.permitted };
  if (root === undefined) {
    const certificate = await newRoot({ ...options, ...constraints }, { key, keyType }, now);
    return { key, keyType, certificate, issuers: [] };
  }
  const rootKey = await generateKey(options.keyType);
  const above = await newRoot(root, { key: rootKey, keyType: options.keyType }, now);
  const grant = { ...grantOf('intermediate', options, key, validity(now, options.days, above), now), ...constraints };
  const pem = await sign('certificate', grant, { certificatePem: above.pem, key: rootKey, keyType: options.keyType });
  return { key, keyType, certificate: parseCertificate(pem, 'the new authority'), issuers: [above], rootKey };
}

const refusalsOf = ({ commonName, days }: AuthoritySubject): Refusal[] => rootRefusals(commonName, days);

interface RootSubject extends AuthoritySubject {
  readonly permitted?: readonly Subtree[] | undefined;
}

/** On the token, where there is one: the key that is there already, or a new one. */
export async function newKey({ keyType, token }: Pick<NewAuthorityOptions, 'keyType' | 'token'>): Promise<PrivateKey> {
  if (token === undefined) return { key: await generateKey(keyType), keyType };
  const key = await openTokenKey({ ...token, create: keyType });
  return { key, keyType: authorityKeyType(key) ?? keyType };
}

async function newRoot({ permitted, ...subject }: RootSubject, { key, keyType }: PrivateKey, now: Date) {
  const constraints = permitted === undefined ? {} : { permitted };
  const grant = { ...grantOf('root', subject, key, validity(now, subject.days), now), ...constraints };
  return parseCertificate(await sign('root', grant, { key, keyType }), 'the new root');
}

const grantOf = (
  profile: 'root' | 'intermediate',
  { commonName }: AuthoritySubject,
  key: AuthorityKey,
  period: Validity,
  now: Date,
) => ({
  serial: newSerial(now),
  profile: profiles[profile],
  commonName,
  names: [],
  ...certifiedKey(key),
  ...period,
});

/** What of a key is put into a certificate. */
export const certifiedKey = (key: AuthorityKey): { publicKey: Uint8Array; isRsa: boolean } => ({
  publicKey: publicKeyDer(publicHalf(key)),
  isRsa: publicHalf(key).asymmetricKeyType === 'rsa',
});
