import type { Cancel, Clock } from '../clock.js';
import type { MemberConfig } from '../config/index.js';
import type { Logger } from '../logger.js';
import { CorruptionCheck, HashAnswers } from '../maintenance/index.js';
import type { MemberId } from '../numbers.js';
import type { PeerNetwork } from '../transport/network.js';
import { proposeUntilApplied } from './own-proposals.js';
import type { Replica } from './replica.js';

export interface CorruptionCheckParts {
  readonly replica: Replica;
  readonly network: Pick<PeerNetwork, 'ask' | 'onQuestion'>;
  readonly self: MemberId;
  readonly config: Pick<MemberConfig, 'corruptCheckMs' | 'compactHashCheckMs' | 'featureGates'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const topic = 'hash-kv';

/** Comparing data with the other members, as the flags want it; answers them in any case. */
export class CorruptionChecks {
  readonly #parts: CorruptionCheckParts;
  readonly #check: CorruptionCheck;
  readonly #cancels: readonly Cancel[];
  #underWay = false;

  constructor(parts: CorruptionCheckParts) {
    const { replica, network, self, config, clock, logger } = parts;
    const { maintenance, consensus, state } = replica;
    this.#parts = parts;
    this.#check = new CorruptionCheck({
      self,
      peers: () => state.members.list().flatMap(({ id }) => (id === self ? [] : [id])),
      hashKeys: (at) => maintenance.hashKeys(at),
      ask: (to, question) => network.ask(to, topic, question),
      linearize: () => consensus.linearize(),
      raise: (member) => {
        const alarm = { kind: 'alarm', change: 'raise', member, alarm: 'corrupt' } as const;
        void proposeUntilApplied({ consensus, clock, logger }, alarm);
      },
      logger,
    });
    const answers = new HashAnswers((at) => maintenance.hashKeys(at));
    network.onQuestion(topic, (_, question) => answers.answer(question));
    // Our hash of what is left after a compaction does not depend on how far it has come: both comparisons are one.
    const periods = [
      ...(config.corruptCheckMs > 0 ? [config.corruptCheckMs] : []),
      ...(config.featureGates.CompactHashCheck ? [config.compactHashCheckMs] : []),
    ];
    this.#cancels = periods.length === 0 ? [] : [clock.every(Math.min(...periods), () => void this.#now())];
  }

  /** @throws ClusterError corrupt */
  async atStart(): Promise<void> {
    if (this.#parts.config.featureGates.InitialCorruptCheck) await this.#check.atStart();
  }

  close(): void {
    for (const cancel of this.#cancels) cancel();
  }

  async #now(): Promise<void> {
    const { replica, logger } = this.#parts;
    if (this.#underWay || replica.standing.role !== 'leader') return;
    this.#underWay = true;
    try {
      await this.#check.now();
    } catch (error) {
      logger.warn('the data of the members could not be compared', { error });
    } finally {
      this.#underWay = false;
    }
  }
}
