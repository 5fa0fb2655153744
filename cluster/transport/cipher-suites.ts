// Go's names of cipher suites, which are IANA's, and OpenSSL's. RC4 and 3DES are in Go's list too, and in no
// OpenSSL of today.

/** Of TLS 1.2, by what the certificate's key must be. */
const ofTls12: Readonly<Record<'rsa' | 'ecdsa', Readonly<Record<string, string>>>> = {
  rsa: {
    TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
    TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
    TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
    TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
    TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
    TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  },
  ecdsa: {
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
    TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  },
};

/** Of TLS 1.3, where the certificate's key does not matter; OpenSSL has them under the same names. */
const ofTls13: ReadonlySet<string> = new Set([
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
]);

export type CipherKind = 'tls1.3' | 'rsa' | 'ecdsa';

export interface CipherSuite {
  readonly name: string;
  readonly kind: CipherKind;
  readonly openssl: string;
}

/** By Go's name; undefined when there is none of that name. */
export function cipherSuite(name: string): CipherSuite | undefined {
  if (ofTls13.has(name)) return { name, kind: 'tls1.3', openssl: name };
  for (const kind of ['rsa', 'ecdsa'] as const) {
    const openssl = Object.hasOwn(ofTls12[kind], name) ? ofTls12[kind][name] : undefined;
    if (openssl !== undefined) return { name, kind, openssl };
  }
  return undefined;
}

export const cipherSuiteNames: readonly string[] = [
  ...ofTls13,
  ...Object.keys(ofTls12.ecdsa),
  ...Object.keys(ofTls12.rsa),
];
