import { type Complaint, complaintText } from './plan/complaints.js';
import { hintOf } from './store-hints.js';
import type { Terminal } from './terminal.js';

// How an error reaches a person: `error: what happened`, then `hint: the next step`. The one place that does this.
// The wings' errors are recognized by their fields: importing their classes would load the wings.

export const exitCodes = { done: 0, failed: 1, usage: 2, pending: 2, removed: 3, cancelled: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Wrong usage of quorate itself, and of `quorate serve`. */
const usageCodes: ReadonlySet<string> = new Set(['usage', 'flag-refused']);

interface Explained extends Error {
  readonly code: string;
  readonly hint?: unknown;
  readonly complaints?: readonly Complaint[];
}

const isExplained = (error: unknown): error is Explained =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && 'details' in error;

export function sayComplaint(terminal: Terminal, complaint: Complaint): void {
  const label = complaint.severity === 'error' ? terminal.paint('red', 'error:') : terminal.paint('yellow', 'warning:');
  const lines = [`${label} ${complaintText(complaint)}`];
  if (complaint.hint !== undefined) lines.push(hintLine(terminal, complaint.hint));
  const text = lines.join('\n');
  // A plan is read more than once in some ways of the wizard.
  if (complaint.severity === 'error') terminal.say(text);
  else terminal.sayOnce(text);
}

const hintLine = (terminal: Terminal, hint: string): string => `${terminal.paint('cyan', 'hint:')} ${hint}`;

/** Says what went wrong and what to do next. */
export function report(terminal: Terminal, error: unknown): ExitCode {
  const label = terminal.paint('red', 'error:');
  if (!isExplained(error)) {
    terminal.say(`${label} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    terminal.say(hintLine(terminal, 'this is a mistake in quorate itself: please report it with the lines above'));
    return exitCodes.failed;
  }
  for (const complaint of error.complaints ?? []) sayComplaint(terminal, complaint);
  terminal.say(`${error.code === 'cancelled' ? '' : `${label} `}${error.message}`);
  const hint = hintOf(error);
  if (hint !== undefined) terminal.say(hintLine(terminal, hint));
  if (error.code === 'cancelled') return exitCodes.cancelled;
  if (error.code === 'member-removed') return exitCodes.removed;
  return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed;
}
