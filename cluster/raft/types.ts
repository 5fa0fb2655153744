import type { Index, MemberId, Term } from '../numbers.js';

// The vocabulary of raft/, shared by the log, the transport and the driver. Terms and rules: the Raft paper and thesis.

/** `empty`: a new leader's first entry (Raft §8). `membership`: a change of the configuration, encoded by members/. */
export type EntryKind = 'command' | 'empty' | 'membership';

export interface Entry {
  readonly index: Index;
  readonly term: Term;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
}

/** What must be durable before any message that depends on it leaves (Raft figure 2). `vote` 0: nobody. */
export interface HardState {
  readonly term: Term;
  readonly vote: MemberId;
  readonly commit: Index;
}

/** Who counts. `outgoing` is the old half while a joint change is under way (thesis 4.3), else empty. */
export interface Membership {
  readonly voters: readonly MemberId[];
  readonly outgoing: readonly MemberId[];
  readonly learners: readonly MemberId[];
}

/** Where a snapshot of the state stands in the log. */
export interface SnapshotMark {
  readonly index: Index;
  readonly term: Term;
  readonly membership: Membership;
}

interface Envelope {
  readonly from: MemberId;
  readonly to: MemberId;
  /** The sender's term; for pre-vote requests the term it would campaign in. 0 on messages that carry none (`propose`, `read-index`). */
  readonly term: Term;
}

export type Message = Envelope &
  (
    | {
        readonly kind: 'append';
        readonly prevIndex: Index;
        readonly prevTerm: Term;
        readonly entries: readonly Entry[];
        readonly commit: Index;
      }
    /** Not rejected: `index` is the last one that matches. Rejected: `index` is the refused prevIndex, the hints say where to probe next (thesis 5.3). */
    | {
        readonly kind: 'append-reply';
        readonly rejected: boolean;
        readonly index: Index;
        readonly hintIndex: Index;
        readonly hintTerm: Term;
      }
    /**
     * The leader's last committed entry, told to a follower that has been sent it. Not answered: a heartbeat says it again,
     * and what the follower's log holds is answered to the appends that brought it.
     */
    | { readonly kind: 'commit'; readonly lastIndex: Index; readonly lastTerm: Term }
    /** `context` 0: no read rides on it. */
    | { readonly kind: 'heartbeat'; readonly commit: Index; readonly context: number }
    | { readonly kind: 'heartbeat-reply'; readonly context: number }
    | {
        readonly kind: 'vote' | 'pre-vote';
        readonly lastIndex: Index;
        readonly lastTerm: Term;
        readonly transfer: boolean;
      }
    /** Up to where the sender knows the log to be committed: who has the same entry there knows it then, too. */
    | {
        readonly kind: 'vote-reply' | 'pre-vote-reply';
        readonly rejected: boolean;
        readonly commit: Index;
        readonly commitTerm: Term;
      }
    /**
     * To raft: the state up to `mark` has arrived whole and can be installed; the sender need not lead any more.
     * From raft: send it; the bytes travel beside raft, and every such message must end in reportSnapshot.
     */
    | { readonly kind: 'snapshot'; readonly mark: SnapshotMark }
    | { readonly kind: 'timeout-now' }
    /** Follower to leader. */
    | { readonly kind: 'propose'; readonly data: readonly Uint8Array[] }
    /** Follower to leader: a change of the membership, which is proposed when its turn has come. */
    | { readonly kind: 'propose-membership'; readonly data: Uint8Array }
    | { readonly kind: 'read-index'; readonly context: number }
    | { readonly kind: 'read-index-reply'; readonly context: number; readonly index: Index }
    | { readonly kind: 'transfer-leader'; readonly transferee: MemberId }
  );

/**
 * What raft reads of the log. Synchronous; appended entries are visible at once, durable or not.
 * Entries up to `mark().index` are gone into a snapshot: `term(mark.index)` is known, older ones are undefined.
 */
export interface LogView {
  /** The snapshot that the log starts after; index 0, term 0 on a log that was never compacted. */
  mark(): SnapshotMark;
  firstIndex(): Index;
  lastIndex(): Index;
  term(index: Index): Term | undefined;
  /** from <= index < to, cut off after `bytesMax` of data but never empty when there is one. Undefined when `from` is compacted. */
  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined;
}

/** A linearizable read may be served once the state is applied up to `index` (thesis 6.4). */
export interface ReadGrant {
  readonly context: number;
  readonly index: Index;
}

/** What the driver has to do for raft, in this order. Taken whole; several may be under way, finished in order. */
export interface Ready {
  /** To be made durable together with `entries`; undefined when unchanged. */
  readonly hardState: HardState | undefined;
  /** To be installed before anything below: replaces the log and the state. */
  readonly snapshot: SnapshotMark | undefined;
  /** To be appended, replacing whatever the log holds from entries[0].index on. */
  readonly entries: readonly Entry[];
  /** May leave at once (a leader's own write goes on in parallel, thesis 10.2.1). */
  readonly messages: readonly Message[];
  /** May leave only when hardState, snapshot and entries are durable here. */
  readonly afterDurable: readonly Message[];
  /** Committed and durable here; to be applied in order. */
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadGrant[];
  /** Contexts of reads that will never be granted (no leader, leader lost): to be asked again. */
  readonly readsLost: readonly number[];
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

export interface FollowerProgress {
  readonly match: Index;
  readonly next: Index;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly inFlight: number;
  readonly recentlyActive: boolean;
}

export interface RaftStatus {
  readonly role: Role;
  readonly term: Term;
  /** 0: unknown. */
  readonly leader: MemberId;
  readonly commit: Index;
  readonly applied: Index;
  readonly lastIndex: Index;
  readonly membership: Membership;
  /** Empty unless leader. */
  readonly progress: ReadonlyMap<MemberId, FollowerProgress>;
  readonly transferee: MemberId;
}
