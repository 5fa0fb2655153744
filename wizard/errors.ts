import type { Complaint } from './plan/complaints.js';

/** Everything the wizard itself can refuse or fail at, as a closed set. */
export type WizardErrorCode =
  | 'usage'
  | 'plan-refused'
  | 'plan-missing'
  | 'plan-differs'
  | 'answer-refused'
  | 'port-in-use'
  | 'busy'
  | 'engine-missing'
  | 'not-local'
  | 'not-running'
  /** Access was brought, and is not in force. */
  | 'unverified'
  | 'member-failed'
  | 'unhealthy'
  | 'files-refused'
  | 'key-elsewhere'
  | 'not-issued'
  | 'authority-incomplete'
  | 'no-such-certificate'
  | 'no-such-user'
  | 'authority-differs'
  | 'locked-out'
  | 'rotation'
  | 'not-revocable'
  | 'key-compromised'
  | 'cancelled';

export interface WizardErrorOptions {
  /** The next step, for a person. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** What is wrong with a plan, line by line. */
  readonly complaints?: readonly Complaint[];
}

/** The wizard wing's one error: a code to decide by, details to report, a message with the numbers. */
export class WizardError extends Error {
  override readonly name = 'WizardError';
  readonly code: WizardErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;
  readonly complaints: readonly Complaint[];

  constructor(
    code: WizardErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options: WizardErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
    this.hint = options.hint;
    this.complaints = options.complaints ?? [];
  }
}

/** What is true of every command that changes something. */
export const goesOn = 'the same command goes on from there';

/** What ended because a person told it to: wherever it was noticed, it is no failure. */
export function asCancelled(error: unknown): unknown {
  if (error instanceof WizardError && error.code === 'cancelled') return error;
  const isEnd =
    error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'cancelled'));
  if (!isEnd) return error;
  return new WizardError('cancelled', 'cancelled: nothing is left half-done', {}, { hint: goesOn, cause: error });
}
