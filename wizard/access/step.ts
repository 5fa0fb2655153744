import type { Permission } from './rights.js';

/** One call to the store. */
export type AccessStep =
  | { readonly does: 'add-role' | 'delete-role'; readonly role: string }
  | { readonly does: 'grant' | 'revoke'; readonly role: string; readonly permission: Permission }
  | { readonly does: 'add-user' | 'delete-user'; readonly user: string }
  | { readonly does: 'give-role' | 'take-role'; readonly user: string; readonly role: string };

/** Chains of steps: those of a chain are taken one after the other, the chains all at once. */
export type Phase = readonly (readonly AccessStep[])[];

export const stepsOf = (phases: readonly Phase[]): AccessStep[] => phases.flat(2);
