import type { Plan } from '../plan/plan.js';
import type { Context } from './command.js';

/** Starts the local members of a plan that has been applied, as `up --detach` does, and returns once they are healthy. */
export type Start = (plan: Plan, context: Context) => Promise<void>;
