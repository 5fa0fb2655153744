// What of PKCS#11 2.40 is used, by way of the package pkcs11js: a thin layer over the C functions, native, and optional. Its
// types are written down here, as there is nothing to compile against where it could not be built.
import { PkiError } from '../errors.js';

export type Handle = Buffer;

interface Attribute {
  readonly type: number;
  readonly value?: unknown;
}

export interface TokenInfo {
  readonly label: string;
  readonly serialNumber: string;
  readonly model: string;
  readonly manufacturerID: string;
}

interface Mechanism {
  readonly mechanism: number;
  readonly parameter?: unknown;
}

export interface Cryptoki {
  load(path: string): void;
  C_Initialize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): TokenInfo;
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, userType: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void;
  C_FindObjects(session: Handle, max: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: readonly Attribute[],
  ): { type: number; value: Buffer }[];
  C_GenerateKeyPair(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: readonly Attribute[],
    privateTemplate: readonly Attribute[],
  ): { publicKey: Handle; privateKey: Handle };
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Sign(session: Handle, data: Buffer, out: Buffer): Buffer;
}

export const constants = {
  attribute: {
    class: 0,
    token: 1,
    private: 2,
    label: 3,
    keyType: 0x100,
    id: 0x102,
    sensitive: 0x103,
    sign: 0x108,
    verify: 0x10a,
    modulus: 0x120,
    modulusBits: 0x121,
    publicExponent: 0x122,
    extractable: 0x162,
    ecParameters: 0x180,
    ecPoint: 0x181,
  },
  object: { publicKey: 2, privateKey: 3 },
  keyType: { rsa: 0, ec: 3 },
  mechanism: { generateRsa: 0, sha256Rsa: 0x40, generateEc: 0x1040, ecdsa: 0x1041 },
  session: { serial: 4, readWrite: 2 },
  user: 1,
  result: {
    pinIncorrect: 0xa0,
    pinInvalid: 0xa1,
    pinLength: 0xa2,
    pinLocked: 0xa4,
    loggedIn: 0x100,
    initialized: 0x191,
  },
} as const;

/** The error's PKCS#11 result; undefined for what is none. */
export const resultOf = (error: unknown): number | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;

/** Loaded once a process, by path: a second C_Initialize is an error, and an end of one would end all. */
const modules = new Map<string, Cryptoki>();

/** @throws PkiError `token-failed` */
export async function loadModule(path: string): Promise<Cryptoki> {
  const loaded = modules.get(path);
  if (loaded !== undefined) return loaded;
  const cryptoki = new (await loadPackage())();
  try {
    cryptoki.load(path);
    cryptoki.C_Initialize();
  } catch (cause) {
    if (resultOf(cause) !== constants.result.initialized) {
      const hint = 'module-path is the library that speaks to the token: /usr/lib/softhsm/libsofthsm2.so for SoftHSM';
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new PkiError('token-failed', `${path} is no PKCS#11 library: ${what}`, { path }, { hint, cause });
    }
  }
  modules.set(path, cryptoki);
  return cryptoki;
}

async function loadPackage(): Promise<new () => Cryptoki> {
  // By a variable: neither the compiler nor the bundler is to look for what may not be there.
  const name = 'pkcs11js';
  try {
    const { PKCS11, default: whole } = await import(name);
    return PKCS11 ?? whole.PKCS11;
  } catch (cause) {
    const hint =
      'it is built when npm ci finds a C++ compiler, make and Python: install them, then npm rebuild pkcs11js';
    throw new PkiError(
      'token-failed',
      'keys on tokens take the package pkcs11js, which is not there',
      {},
      { hint, cause },
    );
  }
}
