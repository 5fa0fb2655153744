import type { Index } from '../numbers.js';
import type { Member } from '../operations/members.js';
import type { Membership } from '../raft/types.js';
import type { Table, TableSource } from '../tables.js';
import { decodeMembership, encodeMembership, rowKey } from './records.js';

/** Who counts, of these members. */
export function membershipOf(members: readonly Member[]): Membership {
  const idsOf = (some: readonly Member[]) => some.map(({ id }) => id);
  return {
    voters: idsOf(members.filter(({ isLearner }) => !isLearner)),
    outgoing: [],
    learners: idsOf(members.filter(({ isLearner }) => isLearner)),
  };
}

/**
 * Who counted from which entry on: table `memberships`, index -> the membership. A copy of the state that ends at an entry,
 * and a log that is cut there, carry the membership of that entry. Rows stay: there is one for each change.
 */
export class Memberships {
  #table: Table;

  constructor(tables: TableSource) {
    this.#table = tables('memberships');
  }

  /** Undefined in a state that has never changed its members and was written before there was this table. */
  at(index: Index): Membership | undefined {
    for (const [, row] of this.#table.range({ to: rowKey(BigInt(index) + 1n), reverse: true }))
      return decodeMembership(row);
    return undefined;
  }

  note(from: Index, membership: Membership): void {
    this.#table.put(rowKey(BigInt(from)), encodeMembership(membership));
  }

  reload(tables: TableSource): void {
    this.#table = tables('memberships');
  }
}
