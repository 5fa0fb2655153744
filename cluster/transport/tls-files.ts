/** Where a certificate, its key and what to trust lie on disk: files that may be replaced at any time, PEM but for `crl`. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Bundle of the authorities whose certificates the other side may have; absent: the system's. */
  readonly ca?: string;
  /** Certificates that are revoked; PEM or DER. Needs `ca`. */
  readonly crl?: string;
}
