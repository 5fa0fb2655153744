import { ClusterError, type ClusterErrorCode } from '../errors.js';
import type { Logger } from '../logger.js';
import { PeerMeasures } from '../measures.js';
import { idText } from '../numbers.js';
import type { Message } from '../raft/types.js';
import { type Dialing, dial } from './dial.js';
import { encodeBatch } from './message-codec.js';
import type { Peer } from './network.js';
import { OccasionalLog } from './occasional-log.js';
import { Outbox } from './outbox.js';
import type { PeerStream } from './peer-stream.js';

export const messagesPath = '/quorate.Peer/Messages';

const retryGrowth = 1.6;
/** A peer that starts a moment later than this member is no news. */
const quietMs = 2000;

/** What time alone may mend; anything else is refused for a reason that somebody has to look into. */
const passing: ReadonlySet<ClusterErrorCode> = new Set(['connection-failed', 'stopped']);

export interface PeerEvents {
  /** At most once until something gets through again. */
  unreachable(): void;
  /** The peer says that this member was removed from the cluster. */
  removed(error: ClusterError): void;
}

/** The way to one peer: a stream that is opened again whenever it breaks, and what waits for it. */
export class PeerLink {
  readonly #dialing: Dialing;
  readonly #logger: Logger;
  readonly #log: OccasionalLog;
  readonly #events: PeerEvents;
  readonly #measures: PeerMeasures;
  readonly #outbox = new Outbox();
  readonly #stop = new AbortController();
  #peer: Peer;
  #connectedSince: number | undefined;
  #wake: () => void = () => {};
  #stream: PeerStream | undefined;
  #retryMs: number;
  #apartSince = performance.now();
  #toldUnreachable = false;

  constructor(peer: Peer, dialing: Dialing, logger: Logger, events: PeerEvents) {
    this.#peer = peer;
    this.#dialing = dialing;
    this.#logger = logger;
    this.#log = new OccasionalLog(logger, 30_000);
    this.#events = events;
    this.#measures = dialing.measures?.peer(peer.id) ?? new PeerMeasures();
    this.#retryMs = dialing.limits.retryMinMs;
    void this.#run();
  }

  /** 0: not connected. */
  get connectedMs(): number {
    return this.#connectedSince === undefined ? 0 : performance.now() - this.#connectedSince;
  }

  /** It has told its name: from the next connection on its certificate must be for that. */
  rename(peer: Peer): void {
    this.#peer = peer;
  }

  send(messages: readonly Message[]): void {
    const { outbox, outboxApart } = this.#dialing.limits;
    const dropped = this.#outbox.push(messages, this.#stream === undefined ? outboxApart : outbox);
    if (dropped > 0) {
      this.#measures.sendFailures += dropped;
      this.#unreachable();
    }
    this.#flush();
  }

  /** The peer has just shown that it lives: tries now what would have been tried later. */
  hurry(): void {
    if (this.#stream !== undefined) return;
    this.#retryMs = this.#dialing.limits.retryMinMs;
    this.#wake();
  }

  close(): void {
    this.#stop.abort(new ClusterError('cancelled', `${this.#peer.name} is no longer a peer`));
    this.#wake();
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      const url = this.#peer.urls[attempt % this.#peer.urls.length] ?? '';
      try {
        await this.#connect(url);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#failed(error);
      }
      await this.#pause();
    }
  }

  /** Resolves when the stream has ended. */
  async #connect(url: string): Promise<void> {
    const stream = await dial(this.#dialing, this.#peer, url, messagesPath, this.#stop.signal);
    const end = (): void => stream.destroy();
    this.#stop.signal.addEventListener('abort', end);
    try {
      this.#connected(stream, url);
      // How it ends does not matter: it will be opened again.
      await stream.closed;
    } finally {
      this.#stop.signal.removeEventListener('abort', end);
      stream.destroy();
      this.#stream = undefined;
      this.#connectedSince = undefined;
      this.#measures.connected = false;
      this.#apartSince = performance.now();
    }
    if (this.#stop.signal.aborted) return;
    this.#measures.disconnections += 1;
    this.#measures.sendFailures += 1;
    this.#logger.warn('lost connection to peer', { 'remote-peer-id': this.#peer.id, name: this.#peer.name, url });
    this.#unreachable();
  }

  #connected(stream: PeerStream, url: string): void {
    this.#measures.connected = true;
    this.#connectedSince = performance.now();
    this.#stream = stream;
    stream.onRoom(() => this.#flush());
    // Nothing comes this way but signs of life.
    stream.read(() => {});
    this.#retryMs = this.#dialing.limits.retryMinMs;
    this.#toldUnreachable = false;
    this.#logger.info('connected to peer', { 'remote-peer-id': this.#peer.id, name: this.#peer.name, url });
    this.#flush();
  }

  #flush(): void {
    const { batchBytes, streamBytesMax } = this.#dialing.limits;
    const stream = this.#stream;
    if (!stream?.isOpen) return;
    while (this.#outbox.length > 0 && stream.waitingBytes < streamBytesMax) {
      const batch = encodeBatch(this.#outbox.take(batchBytes));
      this.#measures.sentBytes += batch.length;
      stream.write(batch);
    }
    if (this.#outbox.length === 0) this.#toldUnreachable = false;
  }

  #failed(error: unknown): void {
    this.#unreachable();
    if (error instanceof ClusterError && error.code === 'member-removed') this.#events.removed(error);
    const { limits } = this.#dialing;
    const refused = error instanceof ClusterError && !passing.has(error.code);
    if (refused) this.#retryMs = limits.retryMaxMs;
    if (!refused && performance.now() - this.#apartSince < quietMs) return;
    const fields = { 'remote-peer-id': idText(this.#peer.id), name: this.#peer.name, error };
    const hint = error instanceof ClusterError && error.hint !== undefined ? { hint: error.hint } : {};
    this.#log.warn(refused ? 'peer refused the connection' : 'peer is not reached', { ...fields, ...hint });
  }

  async #pause(): Promise<void> {
    const jitter = 0.8 + 0.4 * Math.random();
    const pauseMs = this.#retryMs * jitter;
    this.#retryMs = Math.min(this.#retryMs * retryGrowth, this.#dialing.limits.retryMaxMs);
    if (this.#stop.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #unreachable(): void {
    if (this.#toldUnreachable) return;
    this.#toldUnreachable = true;
    // Not at once: raft must not be told in the middle of a turn that it is part of.
    queueMicrotask(() => {
      if (!this.#stop.signal.aborted) this.#events.unreachable();
    });
  }
}
