import { constants, type KeyObject } from 'node:crypto';
import { DEFAULT_CIPHERS, type SecureContextOptions, type SecureVersion } from 'node:tls';
import type { CipherSuite } from './cipher-suites.js';

/** Which TLS is spoken. */
export interface TlsProtocol {
  readonly minVersion: SecureVersion;
  /** Undefined: the newest there is. */
  readonly maxVersion?: SecureVersion;
  /** In the order of preference; empty: OpenSSL's own choice. */
  readonly cipherSuites: readonly CipherSuite[];
}

export const standardProtocol: TlsProtocol = { minVersion: 'TLSv1.2', cipherSuites: [] };

/**
 * OpenSSL's level for 112 bits: no RSA key below 2048, nothing signed with SHA-1, on either side. Node 24 has it by itself,
 * Node 20 takes RSA keys of 1024.
 */
const strength = '@SECLEVEL=2';

/** The protocol as OpenSSL is told of it. */
export function protocolOptions({ minVersion, maxVersion, cipherSuites }: TlsProtocol): SecureContextOptions {
  return {
    minVersion,
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ciphers: `${cipherSuites.map(({ openssl }) => openssl).join(':') || DEFAULT_CIPHERS}:${strength}`,
    // No session is taken up again: it would pass by the checks of certificates that changed their standing meanwhile.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/**
 * What the suites and the certificate's key do to one another: a suite of TLS 1.2 is made for one kind of key, and one of
 * the other kind is of no use. `never`: nobody could connect.
 */
export function cipherMismatch(
  { minVersion, maxVersion, cipherSuites }: TlsProtocol,
  key: KeyObject,
): { readonly never: boolean; readonly text: string } | undefined {
  const kind = key.asymmetricKeyType?.startsWith('rsa') ? 'rsa' : 'ecdsa';
  const matters = cipherSuites.length > 0 && minVersion !== 'TLSv1.3';
  if (!matters || cipherSuites.some((suite) => suite.kind === kind)) return undefined;
  const text = `none of the --cipher-suites works with its ${kind === 'rsa' ? 'RSA' : 'elliptic-curve'} key`;
  return maxVersion === 'TLSv1.2' ? { never: true, text } : { never: false, text: `${text}: only TLS 1.3 is spoken` };
}
