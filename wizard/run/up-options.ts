import type { Plan } from '../plan/plan.js';

export interface UpOptions {
  readonly plan: Plan;
  /** Absolute. */
  readonly dir: string;
  readonly now: Date;
  /** Aborted: what this run started is stopped again. */
  readonly signal: AbortSignal;
  /** What goes on, for a person. */
  readonly progress: (text: string) => void;
}
