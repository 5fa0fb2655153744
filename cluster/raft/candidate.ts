import { type MemberId, noMember, term } from '../numbers.js';
import type { Behaviour, Core, ProposeResult, Transitions } from './core.js';
import type { Message } from './types.js';

/** Asks for votes: with `pre-vote` whether it would win, in the term it has; with `vote` in a new term, its own vote cast. */
export class Candidate implements Behaviour {
  readonly #core: Core;
  readonly #transitions: Transitions;
  readonly #ballot: 'pre-vote' | 'vote';
  readonly #votes = new Map<MemberId, boolean>();

  constructor(core: Core, transitions: Transitions, ballot: 'pre-vote' | 'vote') {
    this.#core = core;
    this.#transitions = transitions;
    this.#ballot = ballot;
  }

  get role(): 'pre-candidate' | 'candidate' {
    return this.#ballot === 'vote' ? 'candidate' : 'pre-candidate';
  }

  start(transfer: boolean): void {
    const { membership } = this.#core;
    for (const voter of new Set([...membership.voters, ...membership.outgoing])) {
      if (voter !== this.#core.id) this.#request(voter, transfer);
    }
    this.#count(this.#core.id, true);
  }

  tick(): void {
    this.#core.timer.tick();
    if (!this.#core.timer.expired) return;
    if (this.#core.mayCampaign) this.#transitions.campaign('pre-vote', false);
    else this.#transitions.follow(this.#core.term, noMember);
  }

  step(message: Message): void {
    if (message.kind === 'vote-reply' && this.#ballot === 'vote') this.#count(message.from, !message.rejected);
    if (message.kind === 'pre-vote-reply' && this.#ballot === 'pre-vote') this.#countPreVote(message);
  }

  propose(): ProposeResult {
    return 'no-leader';
  }

  proposeMembership(): ProposeResult {
    return 'no-leader';
  }

  readIndex(context: number): void {
    this.#core.outbox.loseRead(context);
  }

  transferLeadership(): void {}

  leave(): void {}

  #countPreVote({ from, term: at, rejected }: Message & { kind: 'pre-vote-reply' | 'vote-reply' }): void {
    if (rejected || at === this.#core.term + 1) this.#count(from, !rejected);
  }

  #count(from: MemberId, granted: boolean): void {
    if (!this.#votes.has(from)) this.#votes.set(from, granted);
    const tally = this.#core.quorum.tally(this.#votes);
    if (tally === 'lost') this.#transitions.follow(this.#core.term, noMember);
    if (tally !== 'won') return;
    if (this.#ballot === 'pre-vote') this.#transitions.campaign('vote', false);
    else this.#transitions.lead(this.#votes.size === 1);
  }

  /** A pre-vote promises nothing and leaves at once; a vote waits until our own is durable (Raft figure 2). */
  #request(to: MemberId, transfer: boolean): void {
    const { id: from, log, outbox, term: current } = this.#core;
    const [lastIndex, lastTerm] = [log.lastIndex(), log.lastTerm()];
    if (this.#ballot === 'vote') {
      outbox.sendAfterDurable({ kind: 'vote', from, to, term: current, lastIndex, lastTerm, transfer });
    } else {
      outbox.send({ kind: 'pre-vote', from, to, term: term(current + 1), lastIndex, lastTerm, transfer });
    }
  }
}
