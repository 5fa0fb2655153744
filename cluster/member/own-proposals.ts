import type { Clock } from '../clock.js';
import type { Consensus } from '../consensus.js';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Action } from '../operations/action.js';

export interface OwnProposalParts {
  readonly consensus: Consensus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Proposes until it is applied, or until nothing can be proposed any more. */
export async function proposeUntilApplied(
  { consensus, clock, logger }: OwnProposalParts,
  action: Action,
): Promise<void> {
  for (;;) {
    try {
      await consensus.propose(action, undefined);
      return;
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code === 'stopped') return;
      logger.warn('a proposal of the member itself was not applied, trying again', { kind: action.kind, error });
      await new Promise<void>((resolve) => void clock.after(200, resolve));
    }
  }
}
