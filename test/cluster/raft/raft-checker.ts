import { strict as assert } from 'node:assert';
import { index } from '../../../cluster/numbers.js';
import type { Entry, Ready } from '../../../cluster/raft/types.js';
import type { SimulatedMember } from './simulated-member.js';

interface Committed {
  readonly entry: Entry;
  /** Of the member that was first to know. */
  readonly inTerm: number;
}

interface Asked {
  readonly member: bigint;
  readonly committed: number;
}

interface Seen {
  readonly entry: Entry;
  readonly prevTerm: number;
  readonly by: Set<bigint>;
}

/**
 * Watches members from outside and remembers everything: the four safety properties of Raft figure 3, and that reads see what
 * was committed before they were asked. Knows nothing of how raft works.
 */
export class RaftChecker {
  readonly #leaders = new Map<number, bigint>();
  readonly #seen = new Map<string, Seen>();
  readonly #committed: Committed[] = [];
  readonly #asked = new Map<number, Asked>();
  readonly #commitOf = new Map<bigint, number>();
  readonly #appliedOf = new Map<bigint, number>();
  readonly counts = { elections: 0, granted: 0, lost: 0 };

  get committedCount(): number {
    return this.#committed.length;
  }

  get unansweredReads(): number {
    return this.#asked.size;
  }

  asked(member: bigint, context: number): void {
    this.#asked.set(context, { member, committed: this.#committed.length });
  }

  /** What a crashed member was asked, nobody answers; what only it had, and not on its disk, nobody ever saw. */
  crashed({ id, durableLog }: SimulatedMember): void {
    for (const [context, { member }] of this.#asked) if (member === id) this.#asked.delete(context);
    this.#commitOf.delete(id);
    for (const [place, { entry, by }] of this.#seen) {
      if (durableLog.term(entry.index) === entry.term || !by.delete(id) || by.size > 0) continue;
      if (entry.index > durableLog.mark().index) this.#seen.delete(place);
    }
  }

  /** Right after a Ready is taken: only then is the log that others see also the one that raft speaks of. */
  took(member: SimulatedMember, { entries }: Ready): void {
    this.#observeEntries(member, entries);
    if (!member.isInstalling) this.#observeCommit(member);
  }

  observe(member: SimulatedMember): void {
    this.#observeRole(member);
    this.#observeState(member);
    this.#observeReads(member);
  }

  /** Log matching: an index and a term name one entry, and what stands before it. */
  #observeEntries(member: SimulatedMember, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { index: at, term, data } = entry;
      const place = `${at}/${term}`;
      const prevTerm = previousTerm(member, at);
      const known = this.#seen.get(place) ?? { entry, prevTerm, by: new Set() };
      assert.deepEqual([data, prevTerm], [known.entry.data, known.prevTerm], `two entries at ${place}`);
      this.#seen.set(place, known);
      known.by.add(member.id);
    }
  }

  /** Election safety, and leader completeness for whoever is new. */
  #observeRole(member: SimulatedMember): void {
    const { role, term } = member.raft;
    if (role !== 'leader') return;
    const known = this.#leaders.get(term);
    assert(known === undefined || known === member.id, `members ${known} and ${member.id} both lead term ${term}`);
    if (known !== undefined) return;
    this.#leaders.set(term, member.id);
    this.counts.elections += 1;
    for (const { entry, inTerm } of this.#committed) {
      if (inTerm >= term || entry.index < member.log.mark().index) continue;
      assert.equal(member.log.term(entry.index), entry.term, `leader ${member.id} of ${term} lacks ${entry.index}`);
    }
  }

  #observeCommit({ id, raft, log }: SimulatedMember): void {
    const { commit, term } = raft;
    const before = this.#commitOf.get(id) ?? 0;
    assert(commit >= before, `the commit index of ${id} went back to ${commit}`);
    this.#commitOf.set(id, commit);
    const from = Math.max(before + 1, log.firstIndex());
    for (const entry of log.entries(index(from), index(commit + 1), Number.POSITIVE_INFINITY) ?? []) {
      const known = this.#committed[entry.index - 1];
      if (known === undefined) this.#committed.push({ entry, inTerm: term });
      else assert.equal(entry.term, known.entry.term, `${id} committed another entry at ${entry.index}`);
    }
  }

  /** State machine safety: what is applied is what was committed, each once and in order. */
  #observeState(member: SimulatedMember): void {
    const { state, id } = member;
    for (let at = Math.min(this.#appliedOf.get(id) ?? 0, state.length); at < state.length; at += 1) {
      const known = this.#committed[at]?.entry;
      assert(known !== undefined, `${id} applied ${at + 1}, which nobody committed`);
      assert.equal(state[at]?.index, at + 1);
      assert.equal(state[at]?.term, known.term, `${id} applied another entry at ${at + 1}`);
      assert.deepEqual(state[at]?.data, known.data);
    }
    this.#appliedOf.set(id, state.length);
  }

  #observeReads(member: SimulatedMember): void {
    for (const { context, index: at } of member.takeReads()) {
      const { committed } = this.#answered(member, context);
      assert(at >= committed, `a read sees up to ${at}, but ${committed} was committed before`);
      this.counts.granted += 1;
    }
    for (const context of member.takeReadsLost()) {
      this.#answered(member, context);
      this.counts.lost += 1;
    }
  }

  #answered(member: SimulatedMember, context: number): Asked {
    const asked = this.#asked.get(context);
    assert(asked !== undefined && asked.member === member.id, `read ${context} answered twice, or to a stranger`);
    this.#asked.delete(context);
    return asked;
  }
}

function previousTerm(member: SimulatedMember, at: Entry['index']): number {
  const before = member.log.all()[at - member.log.firstIndex() - 1];
  return before?.term ?? member.log.mark().term;
}
