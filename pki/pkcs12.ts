// PKCS #12 (RFC 7292): a key, its certificate and its chain in one file with a password, as Java, Windows and browsers want it.
import type { Pkcs12Options } from './pkcs12-write.js';

export type { Pkcs12Options } from './pkcs12-write.js';

const passwordLengthMin = 8;
const passwordLengthMax = 128;

/**
 * Why a password will not do. Readers disagree on how other characters than ASCII become octets (RFC 7292 B.1, RFC 8018 3),
 * and Java up to 17 refuses them.
 */
export function pkcs12PasswordObjection(password: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(password)) {
    return 'a password of PKCS#12 has printable ASCII characters only: programs disagree on all others';
  }
  if (password.length >= passwordLengthMin && password.length <= passwordLengthMax) return undefined;
  return `a password of PKCS#12 has ${passwordLengthMin} to ${passwordLengthMax} characters, this one has ${password.length}`;
}

/**
 * The key, its certificate, its intermediates and its authority. AES-256-CBC under PBKDF2 with HMAC-SHA256, and a MAC of
 * SHA-256, both with 600,000 rounds: it takes a second or two. Loads pkijs.
 */
export async function makePkcs12(options: Pkcs12Options): Promise<Buffer> {
  const { writePkcs12 } = await import('./pkcs12-write.js');
  return writePkcs12(options);
}
