import { Permissions } from '../apply/permissions.js';
import type { Clock } from '../clock.js';
import type { Consensus } from '../consensus.js';
import { type Deadlines, LeaseKeeper, Lessor } from '../lease/index.js';
import type { Logger } from '../logger.js';
import type { LeaseMeasures } from '../measures.js';
import type { PeerNetwork } from '../transport/network.js';
import type { State } from './state.js';

export interface LeasingParts {
  readonly state: State;
  readonly deadlines: Deadlines;
  readonly consensus: Consensus;
  readonly network: PeerNetwork;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly electionMs: number;
  readonly timeoutMs: number;
  readonly measures: LeaseMeasures;
}

const topic = 'leases';

/** What ends leases and keeps them alive, put together; answers the other members about them. */
export function leasing(parts: LeasingParts): { readonly lessor: Lessor; readonly keeper: LeaseKeeper } {
  const { state, deadlines, consensus, network, clock, logger, electionMs, timeoutMs, measures } = parts;
  const { leases, keys, auth } = state;
  const lessor = new Lessor({
    leases,
    deadlines,
    countKeysOf: (lease, max) => keys.countKeysOf(lease, max),
    propose: (action) => consensus.propose(action, undefined),
    linearize: () => consensus.linearize(),
    clock,
    logger,
    extendMs: electionMs,
    measures,
  });
  const permissions = new Permissions(auth, keys);
  const keeper = new LeaseKeeper({
    lessor,
    deadlines,
    consensus,
    check: (caller, lease) => permissions.checkKeepAlive(caller, lease),
    ask: (leader, questions) => network.ask(leader, topic, questions),
    clock,
    timeoutMs,
    certainMs: electionMs / 10,
    measures,
  });
  network.onQuestion(topic, (_, questions) => keeper.answer(questions));
  return { lessor, keeper };
}
