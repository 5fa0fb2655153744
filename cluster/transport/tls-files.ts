/** Where a certificate, its key and the authorities to trust lie on disk: PEM files that may be replaced at any time. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Bundle of the authorities whose certificates the other side may have; absent: the system's. */
  readonly ca?: string;
}
