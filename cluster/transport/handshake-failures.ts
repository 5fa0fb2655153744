import type { TLSSocket } from 'node:tls';

// Why a handshake failed, in words for a person. Codes: Node's errors, OpenSSL's reasons (ssl/ssl_err.c) and
// verification results (X509_STORE_CTX_get_error(3)).

const verification: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that is not trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that is not trusted here',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not trusted here',
  CERT_SIGNATURE_FAILURE: 'its certificate was signed by another authority of the same name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; compare the clocks',
  CERT_REVOKED: 'its certificate was revoked',
  INVALID_PURPOSE: 'its certificate is not for this use (extendedKeyUsage)',
  EE_KEY_TOO_SMALL: 'the key of its certificate is too short: RSA needs 2048 bits',
  CA_MD_TOO_WEAK: 'its certificate is signed with SHA-1 or MD5, which can be forged',
  INVALID_CA: 'its certificate was signed by one that is no authority',
};

const protocol: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'it showed no certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not trust the authority of our certificate',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it refused our certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'it refused our certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it finds our certificate expired',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it requires a certificate and was shown none',
  ERR_SSL_HTTP_REQUEST: 'it spoke plain HTTP to an https port',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it offers only TLS versions that are too old',
  ERR_SSL_NO_SHARED_CIPHER: 'there is no cipher that both sides know',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'it speaks neither HTTP/2 nor HTTP/1.1',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'it did not finish the handshake in time',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate does not name the host that was called',
};

const hangUps = new Set(['ECONNRESET', 'EPIPE']);

/** Whoever connects and leaves, as load balancers' checks do all day, is no news. */
export const isHangUp = (error: NodeJS.ErrnoException, socket?: TLSSocket): boolean =>
  hangUps.has(error.code ?? '') && !socket?.authorizationError;

/** Works for both sides; a server's socket knows why a client's certificate was not accepted. */
export function handshakeFailure(error: NodeJS.ErrnoException, socket?: TLSSocket): string {
  const verified = socket?.authorizationError;
  const code = typeof verified === 'string' ? verified : (error.code ?? '');
  return verification[code] ?? protocol[code] ?? (typeof verified === 'string' ? verified : error.message);
}
