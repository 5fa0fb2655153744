import type { Index } from '../numbers.js';
import type { Entry, Membership, SnapshotMark } from '../raft/types.js';

/** The replicated state as the driver sees it. */
export interface StateMachine {
  /** The last entry applied, in memory. */
  readonly appliedIndex: Index;
  /** The last entry whose effects survive a power cut: the log must be kept from there on. */
  readonly durableIndex: Index;
  /** Applied and not yet handed to the disk. */
  readonly pendingBytes: number;
  /** Who counts, as the last entry applied has it. */
  readonly membership: Membership;
  /** Who counted when the entry at `index` had been applied; not before the log's mark. */
  membershipAt(index: Index): Membership;
  /** Applies the entry, which is the next one, and answers whoever waits for it. */
  apply(entry: Entry): void;
  /** Makes everything applied so far durable. */
  commit(): Promise<void>;
  /** Writes a copy of the state to `file` and says up to which entry it goes. */
  copyTo(file: string): Promise<Index>;
  /** Replaces the whole state by the copy in `file`, which it consumes. */
  replaceBy(file: string, mark: SnapshotMark): Promise<void>;
}
