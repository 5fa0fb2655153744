import type Long from 'long';
import type { Consensus } from '../consensus.js';
import type { Revision } from '../numbers.js';
import { fromId } from '../wire/long.js';
import type { Header } from '../wire/responses.js';

/** Fills the header of every answer. The ids never change, so they are converted once. */
export class Headers {
  readonly #consensus: Consensus;
  readonly #clusterId: Long;
  readonly #memberId: Long;

  constructor(consensus: Consensus) {
    this.#consensus = consensus;
    const { clusterId, memberId } = consensus.status();
    this.#clusterId = fromId(clusterId);
    this.#memberId = fromId(memberId);
  }

  at(revision: Revision): Header {
    return {
      clusterId: this.#clusterId,
      memberId: this.#memberId,
      revision,
      raftTerm: this.#consensus.status().term,
    };
  }
}
