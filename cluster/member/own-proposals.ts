import type { Clock } from '../clock.js';
import type { Consensus } from '../consensus.js';
import { ClusterError, type ClusterErrorCode } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Action } from '../operations/action.js';

export interface OwnProposalParts {
  readonly consensus: Consensus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What may go better the next time. */
const passing: ReadonlySet<ClusterErrorCode> = new Set<ClusterErrorCode>([
  'no-leader',
  'leader-changed',
  'timeout',
  'timeout-leader-failure',
  'timeout-connection-lost',
  'too-many-requests',
]);

/** Proposes until it is applied, or refused for good: by apply, or because nothing can be proposed here any more. */
export async function proposeUntilApplied(
  { consensus, clock, logger }: OwnProposalParts,
  action: Action,
): Promise<void> {
  for (;;) {
    try {
      await consensus.propose(action, undefined);
      return;
    } catch (error) {
      if (!(error instanceof ClusterError) || !passing.has(error.code)) {
        logger.error('a proposal of the member itself was refused', { kind: action.kind, error });
        return;
      }
      logger.warn('a proposal of the member itself was not applied, trying again', { kind: action.kind, error });
      await new Promise<void>((resolve) => void clock.after(200, resolve));
    }
  }
}
