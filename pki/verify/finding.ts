// What can be wrong with what is there, and why that matters to whoever has it.

/** Each code, and why it matters. */
export const findingReasons = {
  'certificate-missing': 'nobody can present what is not there',
  'certificate-unreadable': 'a program that is told to use it does not start',
  'key-missing': 'without its key a certificate proves nothing',
  'key-unreadable': 'a program that is told to use it does not start; etcd has no way to ask for a passphrase',
  'key-mismatch': 'a program that is told to use the two does not start',
  'key-exposed': 'whoever reads the key can be whoever the certificate names',
  'file-writable': 'whoever writes there can put something else in its place',
  'authority-unreadable': 'without its authority nothing about a certificate can be judged',
  'wrong-authority': 'everybody who trusts this authority refuses it: "certificate signed by unknown authority"',
  'authority-expired': 'with its authority every certificate below has ended: all connections are refused',
  'chain-incomplete': 'whoever trusts these authorities alone finds no way to it',
  'chain-order': 'a server presents the first one as its own, and TLS 1.2 wants each to certify the one before',
  'chain-surplus': 'it is sent with every handshake, and convinces nobody',
  'chain-too-long': 'verifiers refuse an authority below one that allows none',
  'outside-authority': 'everybody who trusts this authority holds its names against what it may sign, and refuses it',
  'outlives-authority': 'it ends with its authority, earlier than it says',
  expired: 'it is refused everywhere; connections that are open hide this until something is restarted',
  'not-yet-valid': 'it is refused by every machine whose clock is right',
  'expires-soon': 'once it has expired it is refused everywhere, and members can not reach one another to be mended',
  'weak-key': 'its key can be computed, or is of a kind that others do not read',
  'weak-signature': 'such signatures can be forged: current programs refuse them',
  'wrong-usage': 'the other side refuses it for this use: "bad certificate"',
  'no-usages': 'it may be used for anything: a client as a server, too',
  'is-authority': 'whoever has its key can issue certificates for everybody',
  'wrong-name': 'the common name is the user that its bearer acts as',
  'no-names': 'every client refuses it, whatever its CN',
  'names-missing': 'whoever dials these refuses it: "certificate is valid for …, not …"',
  'names-surplus': 'its bearer can pass for these',
  'name-forbidden': 'with this name etcd takes its bearer for a member',
  revoked: 'its serial is on the revocation list: members refuse it and close its connections',
  'not-in-ledger':
    "somebody has signed with the authority's key elsewhere, or the ledger was put back to an older state",
  'list-unreadable': 'etcd refuses every handshake when it can not read its list',
  'list-forged': 'a list that the authority did not sign says nothing about its certificates',
  'list-overdue': 'verifiers that keep to RFC 5280 refuse every certificate until there is a newer list',
  'list-stale': 'the member goes on letting in those who were revoked since',
  'trust-differs': 'members with different authorities refuse one another',
  unreachable: 'who can not be reached can not be judged, nor used',
  'no-tls': 'whoever listens on the way reads and changes everything',
  'old-protocol': 'versions before TLS 1.2 are broken (RFC 8996), TLS 1.2 alone hides no certificates on the way',
  'nameless-let-in': 'everybody who reaches it may try: nothing but passwords keeps them out, if auth is on',
  refused: 'no member or user of this authority gets in',
  'served-differs': 'what was renewed or replaced has no effect yet, or somebody else answers',
  'clock-differs': 'certificates seem expired, or not yet valid, to one of the two',
  valid: '',
} as const;

export type FindingCode = keyof typeof findingReasons;

export interface Finding {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
  readonly path: string;
  /** Whole days until notAfter, where that is what the finding is about. Negative once it has passed. */
  readonly daysLeft?: number;
}

export const failing = (path: string, code: FindingCode, message: string, hint: string): Finding => ({
  code,
  severity: 'error',
  message,
  hint,
  path,
});

export const doubtful = (path: string, code: FindingCode, message: string, hint: string): Finding => ({
  ...failing(path, code, message, hint),
  severity: 'warning',
});
