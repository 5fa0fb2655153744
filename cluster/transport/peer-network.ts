import { rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import { Measures } from '../measures.js';
import type { MemberId } from '../numbers.js';
import type { Message, SnapshotMark } from '../raft/types.js';
import type { Address } from './address.js';
import { Admission } from './admission.js';
import type { Dialing } from './dial.js';
import type { Identity } from './hello.js';
import { Inbound } from './inbound.js';
import { defaultLimits, type PeerLimits } from './limits.js';
import { Listener } from './listener.js';
import { decodeBatch } from './message-codec.js';
import { type AnswerQuestion, hasNamedItself, type Peer, type PeerNetwork } from './network.js';
import { encodeAnswer, encodeFailure } from './peer-answers.js';
import { messagesPath, PeerLink } from './peer-link.js';
import type { PeerStream } from './peer-stream.js';
import { answerQuestions, Questions, questionsPath } from './questions.js';
import { receiveSnapshot, removeLeftovers } from './snapshot-receiver.js';
import { sendSnapshot, snapshotPath } from './snapshot-sender.js';
import type { TlsMaterial } from './tls-material.js';

export interface PeerNetworkOptions extends Identity {
  readonly listen: readonly Address[];
  /** The certificate by which the others know this member; the caller closes it. Absent in a cluster without TLS. */
  readonly material?: TlsMaterial;
  /** What is shown to members that this one connects to, where that is another certificate. */
  readonly dialMaterial?: TlsMaterial;
  /** Snapshots are received into it; unfinished ones that lie there are removed. */
  readonly snapshotFolder: string;
  readonly logger: Logger;
  /** What the peer port answers over HTTP/1.1; 404 when absent. */
  readonly serveHttp1?: RequestListener;
  readonly limits?: Partial<PeerLimits>;
  readonly measures?: Measures;
}

type OnMessages = (messages: readonly Message[]) => void;
type OnSnapshot = (from: MemberId, mark: SnapshotMark, file: string) => Promise<void>;

/** The answer to a snapshot: it is the one question of its stream. */
const snapshotId = 1;

/** PeerNetwork over TCP, with mutual TLS. See README.md for how members recognise one another. */
export class TcpPeerNetwork implements PeerNetwork {
  readonly #options: PeerNetworkOptions;
  readonly #dialing: Dialing;
  readonly #admission: Admission | undefined;
  readonly #inbound: Inbound;
  readonly #measures: Measures;
  readonly #links = new Map<MemberId, PeerLink>();
  readonly #questions = new Map<MemberId, Questions>();
  readonly #topics = new Map<string, AnswerQuestion>();
  readonly #receiving = new Map<MemberId, PeerStream>();
  readonly #leaving = new Map<MemberId, AbortController>();
  #closed = false;
  #listeners: readonly Listener[] = [];
  #peers: ReadonlyMap<MemberId, Peer> | undefined;
  #onMessages: OnMessages | undefined;
  #onUnreachable: (id: MemberId) => void = () => {};
  #onSnapshot: OnSnapshot | undefined;
  #onRemoved: (error: ClusterError) => void = () => {};
  #onStranger: () => void = () => {};
  #removed: ReadonlySet<MemberId> = new Set();

  /** @throws ClusterError address-in-use, flag-refused */
  static async open(options: PeerNetworkOptions): Promise<TcpPeerNetwork> {
    const network = new TcpPeerNetwork(options);
    await removeLeftovers(options.snapshotFolder);
    try {
      for (const address of options.listen)
        network.#listeners = [...network.#listeners, await network.#listen(address)];
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  private constructor(options: PeerNetworkOptions) {
    this.#options = options;
    const limits = { ...defaultLimits, ...options.limits };
    const measures = options.measures ?? new Measures();
    this.#measures = measures;
    // Undefined until this member is ready to hear them.
    const peers = () => (this.#onMessages === undefined ? undefined : this.#peers);
    this.#admission = admissionOf(options);
    this.#dialing = {
      identity: options,
      peers: () => this.#peers ?? new Map(),
      material: options.dialMaterial ?? options.material,
      ...(this.#admission === undefined ? {} : { admission: this.#admission }),
      limits,
      measures,
    };
    this.#inbound = new Inbound({
      identity: options,
      peers,
      isRemoved: (id) => this.#removed.has(id),
      limits,
      logger: options.logger,
      methods: {
        [messagesPath]: (stream, peer) => this.#receive(stream, peer),
        [questionsPath]: (stream, peer) => answerQuestions(stream, peer, this.#topics),
        [snapshotPath]: (stream, peer) => void this.#receiveSnapshot(stream, peer),
      },
      onPeer: (peer) => this.#links.get(peer.id)?.hurry(),
      onStranger: () => this.#onStranger(),
    });
  }

  /** Where it listens, with the ports that the system chose. */
  get addresses(): readonly Address[] {
    return this.#listeners.map(({ address }) => address);
  }

  send(messages: readonly Message[]): void {
    for (const [to, own] of byReceiver(messages)) this.#links.get(to)?.send(own);
  }

  onMessages(callback: OnMessages): void {
    const isFirst = this.#onMessages === undefined;
    this.#onMessages = callback;
    if (isFirst) for (const peer of this.#peers?.values() ?? []) this.#meet(peer);
  }

  onUnreachable(callback: (id: MemberId) => void): void {
    this.#onUnreachable = callback;
  }

  onSnapshot(callback: OnSnapshot): void {
    this.#onSnapshot = callback;
  }

  onRemoved(callback: (error: ClusterError) => void): void {
    this.#onRemoved = callback;
  }

  onStranger(callback: () => void): void {
    this.#onStranger = callback;
  }

  connectedMs(id: MemberId): number {
    return this.#links.get(id)?.connectedMs ?? 0;
  }

  async sendSnapshot(to: MemberId, mark: SnapshotMark, file: string): Promise<void> {
    const peer = this.#peers?.get(to);
    const left = this.#leaving.get(to);
    if (peer === undefined || left === undefined) {
      throw new ClusterError('cancelled', `member ${to} is no peer`, { member: to });
    }
    await this.#measured(to, () => sendSnapshot(this.#dialing, peer, mark, file, left.signal));
  }

  async #measured(to: MemberId, send: () => Promise<void>): Promise<void> {
    const measures = this.#measures.peer(to);
    const began = performance.now();
    measures.snapshotsBeingSent += 1;
    try {
      await send();
      measures.snapshotsSent += 1;
      measures.snapshotSendSeconds.observe((performance.now() - began) / 1000);
    } catch (error) {
      measures.snapshotSendFailures += 1;
      throw error;
    } finally {
      measures.snapshotsBeingSent -= 1;
    }
  }

  async ask(to: MemberId, topic: string, question: Uint8Array): Promise<Uint8Array> {
    const questions = this.#questions.get(to);
    if (questions === undefined) throw new ClusterError('cancelled', `member ${to} is no peer`, { member: to });
    return questions.ask(topic, question);
  }

  onQuestion(topic: string, answer: AnswerQuestion): void {
    this.#topics.set(topic, answer);
  }

  setPeers(peers: readonly Peer[], removed: ReadonlySet<MemberId> = new Set()): void {
    this.#removed = removed;
    const next = new Map(peers.map((peer) => [peer.id, this.#unchanged(peer) ?? peer]));
    const before = this.#peers ?? new Map<MemberId, Peer>();
    this.#peers = next;
    for (const [id, peer] of before) {
      const now = next.get(id);
      if (now === peer) continue;
      if (now !== undefined && hasNamedItself(peer, now)) this.#rename(now);
      else this.#forget(peer, new ClusterError('cancelled', `${peer.name} is no longer a peer`));
    }
    for (const [id, peer] of next) if (!this.#leaving.has(id)) this.#meet(peer);
    this.#inbound.recertify();
  }

  async close(): Promise<void> {
    const reason = new ClusterError('stopped', 'this member is stopping');
    this.#closed = true;
    for (const peer of this.#peers?.values() ?? []) this.#forget(peer, reason);
    this.#inbound.close();
    this.#admission?.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  #listen(address: Address): Promise<Listener> {
    const { material, rules = {}, logger, serveHttp1 } = this.#options;
    return Listener.open({
      address,
      endpoint: 'peer',
      ...(material === undefined ? {} : { tls: { material, requireClientCertificate: true, rules } }),
      serveUpgrade: (request, socket, head) => this.#inbound.serve(request, socket, head),
      serveHttp1: serveHttp1 ?? ((_, response) => response.writeHead(404).end()),
      logger,
    });
  }

  #unchanged(peer: Peer): Peer | undefined {
    const known = this.#peers?.get(peer.id);
    return known?.name === peer.name && known.urls.join() === peer.urls.join() ? known : undefined;
  }

  // Not before messages are taken here: that the peer is connected to is its sign to connect to this member.
  #meet(peer: Peer): void {
    if (this.#onMessages === undefined) return;
    this.#leaving.set(peer.id, new AbortController());
    const events = {
      unreachable: () => this.#onUnreachable(peer.id),
      removed: (error: ClusterError) => this.#onRemoved(error),
    };
    this.#questions.set(peer.id, new Questions(this.#dialing, peer));
    this.#links.set(peer.id, new PeerLink(peer, this.#dialing, this.#options.logger, events));
  }

  #rename(peer: Peer): void {
    this.#links.get(peer.id)?.rename(peer);
    this.#questions.get(peer.id)?.close(new ClusterError('cancelled', `${peer.name} has told its name`));
    this.#questions.set(peer.id, new Questions(this.#dialing, peer));
  }

  #forget(peer: Peer, reason: ClusterError): void {
    this.#links.get(peer.id)?.close();
    this.#links.delete(peer.id);
    this.#questions.get(peer.id)?.close(reason);
    this.#questions.delete(peer.id);
    this.#leaving.get(peer.id)?.abort(reason);
    this.#leaving.delete(peer.id);
  }

  #receive(stream: PeerStream, peer: Peer): void {
    const { self, logger } = this.#options;
    const measures = this.#measures.peer(peer.id);
    const onMessage = (message: Buffer): void => {
      measures.receivedBytes += message.length;
      const messages = decodeBatch(message, peer.id, self.id);
      if (!this.#closed) this.#onMessages?.(messages);
    };
    const onFailure = (error: ClusterError): void => {
      measures.receiveFailures += 1;
      logger.warn('a peer sent what can not be read', { 'remote-peer-id': peer.id, error });
    };
    stream.read(onMessage, { onFailure });
  }

  async #receiveSnapshot(stream: PeerStream, peer: Peer): Promise<void> {
    // Whoever begins again has given up the one before, noticed here or not.
    this.#receiving.get(peer.id)?.destroy();
    this.#receiving.set(peer.id, stream);
    const measures = this.#measures.peer(peer.id);
    const began = performance.now();
    measures.snapshotsBeingReceived += 1;
    try {
      const { mark, file } = await receiveSnapshot(stream, peer, this.#options.snapshotFolder);
      await this.#handOver(peer, mark, file);
      measures.snapshotsReceived += 1;
      measures.snapshotReceiveSeconds.observe((performance.now() - began) / 1000);
      stream.write(encodeAnswer(snapshotId));
    } catch (error) {
      measures.snapshotReceiveFailures += 1;
      this.#options.logger.warn('a snapshot was not received', { 'remote-peer-id': peer.id, name: peer.name, error });
      stream.write(encodeFailure(snapshotId, error));
    } finally {
      stream.end();
      measures.snapshotsBeingReceived -= 1;
      if (this.#receiving.get(peer.id) === stream) this.#receiving.delete(peer.id);
    }
  }

  async #handOver(peer: Peer, mark: SnapshotMark, file: string): Promise<void> {
    try {
      if (this.#onSnapshot === undefined || this.#closed)
        throw new ClusterError('stopped', 'no snapshots are taken here');
      await this.#onSnapshot(peer.id, mark, file);
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  }
}

/** For connections that this member opens: it knows itself where it went. */
function admissionOf({ material, rules = {}, logger }: PeerNetworkOptions): Admission | undefined {
  const { allowed } = rules;
  const asked = allowed === undefined ? {} : { allowed };
  return material === undefined ? undefined : new Admission({ material, rules: asked, logger });
}

function byReceiver(messages: readonly Message[]): ReadonlyMap<MemberId, readonly Message[]> {
  const groups = new Map<MemberId, Message[]>();
  for (const message of messages) {
    const group = groups.get(message.to);
    if (group === undefined) groups.set(message.to, [message]);
    else group.push(message);
  }
  return groups;
}
