import type { ClusterError } from '../errors.js';
import type { MemberId } from '../numbers.js';
import type { Message, SnapshotMark } from '../raft/types.js';

/** A member as the network knows it: where it is reached, and by which name its certificate is recognised. */
export interface Peer {
  readonly id: MemberId;
  readonly name: string;
  /** `https://host:port`, or `http://` in a cluster without TLS; tried in turn. */
  readonly urls: readonly string[];
}

export type AnswerQuestion = (from: MemberId, question: Uint8Array) => Promise<Uint8Array>;
/** Whether the one is the other, who has said its name meanwhile: it had none before its first start. */
export const hasNamedItself = (before: Peer, now: Peer): boolean =>
  before.id === now.id && before.name === '' && before.urls.join() === now.urls.join();

/**
 * How members reach one another, as the driver sees it. Messages may be lost or repeated, never altered; between two
 * members they keep their order while a connection lasts. That is all raft asks for. One kind must not be repeated, since
 * nobody looks for the same command twice: a `propose` that came twice would be applied twice.
 */
export interface PeerNetwork {
  /**
   * Takes all messages of one turn of the driver's loop; they leave in one write a peer. Never blocks or throws.
   * Each peer has a bounded queue: at the bound messages are dropped, appends first, and the peer is called unreachable.
   * The entries' bytes are not copied before they are encoded: they must not change.
   */
  send(messages: readonly Message[]): void;
  /**
   * Called with a batch from one peer: `from` is certified, `to` is this member. One callback. Until it is set this
   * member connects to nobody and turns everybody away; what they have for it waits with them, and they try again soon.
   */
  onMessages(callback: (messages: readonly Message[]) => void): void;
  /** Called when a message to the peer was lost or its connection broke; at most once until something gets through again. */
  onUnreachable(callback: (id: MemberId) => void): void;
  /**
   * Streams the file beside raft. Resolves once the receiver has verified it and its `onSnapshot` callback has resolved.
   * Rejects with ClusterError: connection-failed, snapshot-damaged, stopped, cancelled (the peer was taken away).
   * The file must stay in place until then; whether raft hears of failure is up to the caller.
   */
  sendSnapshot(to: MemberId, mark: SnapshotMark, file: string): Promise<void>;
  /**
   * Called with a whole, verified, fsynced file in the snapshot folder, which from then on belongs to the callback.
   * The sender waits for it; when it rejects, the sender's `sendSnapshot` does too and the file is removed if still there.
   */
  onSnapshot(callback: (from: MemberId, mark: SnapshotMark, file: string) => Promise<void>): void;
  /**
   * Asks a peer about something that raft has no part in. It may have heard the question even if this rejects, with
   * ClusterError: connection-failed, timeout, too-many-requests, cancelled, or what the peer's callback threw.
   */
  ask(to: MemberId, topic: string, question: Uint8Array): Promise<Uint8Array>;
  /** Answers what peers ask about a topic: `from` is certified. One callback a topic. */
  onQuestion(topic: string, answer: AnswerQuestion): void;
  /**
   * Replaces the set of the other members: connects to new ones, forgets those gone, keeps what did not change. Those in
   * `removed` are told that they were, should they come back.
   */
  setPeers(peers: readonly Peer[], removed?: ReadonlySet<MemberId>): void;
  /** Called when a member of the cluster says that this one was removed from it. */
  onRemoved(callback: (error: ClusterError) => void): void;
  /** Called when somebody was turned away who is no member as far as this one knows. */
  onStranger(callback: () => void): void;
  /** For how long the peer has been connected to without a break, in ms; 0 when it is not. */
  connectedMs(id: MemberId): number;
  /** Stops listening and ends every stream, in bounded time. Nothing is called back afterwards. */
  close(): Promise<void>;
}
