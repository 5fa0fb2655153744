import type { ProposalId } from '../apply/command.js';
import type { ProposeResult } from '../raft/core.js';
import type { Raft } from '../raft/raft.js';
import type { Proposal } from './parts.js';

/** Of the commands in one proposal to raft: a follower forwards it as one message. The first may exceed it. */
const proposalBytesMax = 1 << 20;

export interface BacklogParts {
  readonly raft: Raft;
  awaited(id: ProposalId): boolean;
  refuse(id: ProposalId, reason: 'full'): void;
}

/** Proposals that raft has not taken yet: there is no leader, or leadership is on its way. Whoever asked has a deadline. */
export class Backlog {
  readonly #parts: BacklogParts;
  #commands: readonly Proposal[] = [];
  #changes: readonly Proposal[] = [];
  #arrived: Proposal[] = [];

  constructor(parts: BacklogParts) {
    this.#parts = parts;
  }

  add(proposal: Proposal): void {
    if (proposal.kind === 'membership') this.#changes = [...this.#changes, proposal];
    else this.#arrived.push(proposal);
  }

  /** `mayPropose` false: commands gather for a little longer. */
  feed(mayPropose: boolean): void {
    if (this.#changes.length > 0) this.#feedChanges();
    if (mayPropose && (this.#arrived.length > 0 || this.#commands.length > 0)) this.#feedCommands();
  }

  /** Whoever was told that time is up must not find the change made long after: it has not left this member yet. */
  #stillAwaited(proposals: readonly Proposal[]): readonly Proposal[] {
    return proposals.filter(({ id }) => this.#parts.awaited(id));
  }

  #feedCommands(): void {
    let waiting = this.#stillAwaited(
      this.#commands.length === 0 ? this.#arrived : [...this.#commands, ...this.#arrived],
    );
    this.#arrived = [];
    while (waiting.length > 0) {
      const batch = firstBatch(waiting);
      const verdict = this.#parts.raft.propose(batch.map(({ data }) => data));
      if (isToWait(verdict)) break;
      if (verdict === 'full') for (const { id } of batch) this.#parts.refuse(id, 'full');
      waiting = waiting.slice(batch.length);
    }
    this.#commands = waiting;
  }

  #feedChanges(): void {
    let waiting = this.#stillAwaited(this.#changes);
    for (const { id, data } of waiting) {
      const verdict = this.#parts.raft.proposeMembership(data);
      if (isToWait(verdict)) break;
      if (verdict === 'full') this.#parts.refuse(id, 'full');
      waiting = waiting.slice(1);
    }
    this.#changes = waiting;
  }
}

const isToWait = (verdict: ProposeResult): boolean => verdict === 'no-leader' || verdict === 'transferring';

/** At least one, and as many more as stay below the limit together. */
function firstBatch(proposals: readonly Proposal[]): readonly Proposal[] {
  let bytes = 0;
  const end = proposals.findIndex(({ data }, at) => {
    bytes += data.length;
    return at > 0 && bytes > proposalBytesMax;
  });
  return end < 0 ? proposals : proposals.slice(0, end);
}
