import { ClusterError } from '../errors.js';

/** One thing wrong with the flags: what, and what to do about it. */
export interface Complaint {
  /** The flag or variable as it was written. */
  readonly flag: string;
  readonly message: string;
  readonly hint?: string;
}

/** All that is wrong, in one error, so that nobody has to start a member five times to mend five flags. */
export function refuseFlags(complaints: readonly Complaint[]): never {
  const [first] = complaints;
  const lines = complaints.map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`));
  if (first === undefined || complaints.length > 1) {
    const list = lines.map((line) => `\n  ${line}`).join('');
    throw new ClusterError('flag-refused', `${complaints.length} flags are refused:${list}`, { complaints });
  }
  throw new ClusterError(
    'flag-refused',
    first.message,
    { complaints },
    first.hint === undefined ? {} : { hint: first.hint },
  );
}

/** What `read` gives; what it refuses becomes a complaint about the flag, with `fallback` in its place. */
export function orComplain<Value>(complaints: Complaint[], flag: string, read: () => Value, fallback: Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    complaints.push({ flag, message: `${flag}: ${error.message}`, ...hint });
    return fallback;
  }
}
