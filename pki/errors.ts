/** Everything that can go wrong between a request and a certificate on disk, as a closed set. */
export type PkiErrorCode =
  // requests
  | 'name-refused'
  | 'request-refused'
  | 'request-unreadable'
  // the authority
  | 'authority-absent'
  | 'authority-exists'
  | 'authority-broken'
  | 'authority-waiting'
  | 'authority-refused'
  | 'ledger-damaged'
  | 'serial-reused'
  | 'passphrase-needed'
  | 'passphrase-wrong'
  | 'passphrase-refused'
  // keys on tokens
  | 'token-refused'
  | 'token-failed'
  // what was read
  | 'certificate-unreadable'
  | 'key-unreadable'
  | 'bundle-refused'
  | 'list-unreadable'
  // the disk
  | 'file-missing'
  | 'file-exists'
  | 'permission-denied'
  | 'disk-full'
  | 'read-only'
  | 'file-failed';

export interface PkiErrorOptions {
  /** The next step, for a person. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The pki wing's one error: a code to decide by, details to report, a message with the numbers. */
export class PkiError extends Error {
  override readonly name = 'PkiError';
  readonly code: PkiErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;

  constructor(
    code: PkiErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options: PkiErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
    this.hint = options.hint;
  }
}
