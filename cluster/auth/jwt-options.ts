import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ClusterError } from '../errors.js';
import type { Caller } from '../operations/action.js';

/** How a signing key has to be: its type as Node has it, and for elliptic curves which one. */
interface KeyRule {
  readonly type: 'rsa' | 'ec' | 'ed25519';
  readonly curve?: string;
}

const rsa: KeyRule = { type: 'rsa' };
const curve = (name: string): KeyRule => ({ type: 'ec', curve: name });

/** RFC 7518 3.1, without "none"; a number is the least length of a shared secret in bytes (RFC 7518 3.2). */
export const signMethods = {
  ...{ RS256: rsa, RS384: rsa, RS512: rsa, PS256: rsa, PS384: rsa, PS512: rsa },
  ...{ ES256: curve('prime256v1'), ES384: curve('secp384r1'), ES512: curve('secp521r1') },
  EdDSA: { type: 'ed25519' },
  ...{ HS256: 32, HS384: 48, HS512: 64 },
} as const satisfies Record<string, KeyRule | number>;

export type SignMethod = keyof typeof signMethods;

export const isSignMethod = (text: string): text is SignMethod => Object.hasOwn(signMethods, text);

/** What follows `--auth-token jwt,`. */
export interface JwtOptions {
  readonly method: SignMethod;
  readonly publicKeyFile: string | undefined;
  readonly privateKeyFile: string | undefined;
  readonly ttlMs: number;
}

/** Tokens that say by themselves whose they are; `jwt` has them. */
export interface SignedTokens {
  /** Rejects with ClusterError token-verify-only, where there is no private key. */
  sign(caller: Caller): Promise<string>;
  /** Undefined when it is none of ours, forged or expired. */
  caller(token: string): Promise<Caller | undefined>;
}

export interface JwtKeys {
  /** Undefined: tokens are only checked here, somebody else signs them. */
  readonly signing: KeyObject | Uint8Array | undefined;
  readonly verifying: KeyObject | Uint8Array;
}

const rsaBitsMin = 2048;

/** Reads the keys. @throws ClusterError flag-refused with all that is wrong with them */
export async function readJwtKeys({ method, publicKeyFile, privateKeyFile }: JwtOptions): Promise<JwtKeys> {
  const complaints: string[] = [];
  // One after the other, for the complaints' order.
  const publicKey = await read('pub-key', publicKeyFile, complaints);
  const privateKey = await read('priv-key', privateKeyFile, complaints);
  const rule: KeyRule | number = signMethods[method];
  const keys =
    typeof rule === 'number'
      ? secretKeys(privateKey, rule, method, complaints)
      : keyPair(publicKey, privateKey, rule, method, complaints);
  if (keys !== undefined && complaints.length === 0) return keys;
  throw new ClusterError('flag-refused', `--auth-token jwt: ${complaints.join('; ')}`, { complaints });
}

async function read(option: string, path: string | undefined, complaints: string[]): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    complaints.push(`${option} ${path} can't be read (${(error as NodeJS.ErrnoException).code})`);
    return undefined;
  }
}

/** As in etcd the content of the file is the secret, whatever it is. */
function secretKeys(
  secret: Buffer | undefined,
  bytesMin: number,
  method: SignMethod,
  complaints: string[],
): JwtKeys | undefined {
  if (secret === undefined) return undefined;
  if (secret.length < bytesMin) {
    complaints.push(`priv-key has ${secret.length} bytes, a secret for ${method} has ${bytesMin} or more`);
  }
  return { signing: secret, verifying: secret };
}

function keyPair(
  publicPem: Buffer | undefined,
  privatePem: Buffer | undefined,
  rule: KeyRule,
  method: SignMethod,
  complaints: string[],
): JwtKeys | undefined {
  const parse = (option: string, pem: Buffer | undefined, toKey: (pem: Buffer) => KeyObject) =>
    pem && parsed(option, () => toKey(pem), rule, method, complaints);
  const signing = parse('priv-key', privatePem, createPrivateKey);
  const given = parse('pub-key', publicPem, createPublicKey);
  const derived = signing && createPublicKey(signing);
  if (given !== undefined && derived !== undefined && !given.equals(derived)) {
    complaints.push('pub-key and priv-key do not belong together');
  }
  const verifying = derived ?? given;
  return verifying && { signing, verifying };
}

function parsed(
  option: string,
  toKey: () => KeyObject,
  rule: KeyRule,
  method: SignMethod,
  complaints: string[],
): KeyObject | undefined {
  let key: KeyObject;
  try {
    key = toKey();
  } catch {
    complaints.push(`${option} holds no key in PEM`);
    return undefined;
  }
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== rule.type || namedCurve !== rule.curve) {
    const kind = [key.asymmetricKeyType, namedCurve].filter(Boolean).join(' ');
    complaints.push(`${option} is of the kind ${kind}, ${method} takes ${rule.curve ?? rule.type}`);
  } else if (modulusLength !== undefined && modulusLength < rsaBitsMin) {
    complaints.push(`${option} has ${modulusLength} bits, ${method} takes ${rsaBitsMin} or more`);
  }
  return key;
}
