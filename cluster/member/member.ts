import assert from 'node:assert/strict';
import { GrpcFront } from '../api/grpc.js';
import { httpHandler } from '../api/http.js';
import type { ApiState } from '../api/state.js';
import { Permissions } from '../apply/permissions.js';
import { Authenticator } from '../auth/authenticator.js';
import { Passwords } from '../auth/passwords.js';
import { Tokens } from '../auth/tokens.js';
import { systemClock } from '../clock.js';
import type { MemberConfig, TlsConfig } from '../config/index.js';
import { ClusterError } from '../errors.js';
import { nodeDisk } from '../log/node-disk.js';
import type { Logger } from '../logger.js';
import { Listener } from '../transport/listener.js';
import type { Peer } from '../transport/network.js';
import { GrpcPeerNetwork } from '../transport/peer-network.js';
import { TlsMaterial } from '../transport/tls-material.js';
import { Closing } from './closing.js';
import { dataDir, makeDataDir } from './data-dir.js';
import { identityOf } from './identity.js';
import { readInitialAccess } from './initial-access.js';
import { FolderLock } from './lock.js';
import { proposeUntilApplied } from './own-proposals.js';
import { Replica } from './replica.js';

export interface MemberOptions {
  readonly config: MemberConfig;
  readonly logger: Logger;
  /** Quorate's own, as clients are told. */
  readonly version: string;
}

/** One member of a cluster, serving: the composition root. What it opens it closes, in reverse. */
export class Member implements AsyncDisposable {
  /** Resolves with the reason when the member can't go on by itself: it is to be closed then. */
  readonly failed: Promise<ClusterError>;
  readonly #options: MemberOptions;
  readonly #closing = new Closing();
  #fail: (error: ClusterError) => void = () => {};

  /**
   * Resolves once clients are served, which is after the cluster's initial access is in force here.
   * Rejects when that can't come to be, with everything closed again, or when `signal` is aborted meanwhile.
   * @throws ClusterError flag-refused, certificate-refused, address-in-use, data-dir-refused, log-damaged, store-damaged, disk-full, stopped
   */
  static async start(options: MemberOptions, signal: AbortSignal): Promise<Member> {
    const member = new Member(options);
    try {
      await member.#start(signal);
      return member;
    } catch (error) {
      await member
        .close()
        .catch((cause: unknown) => options.logger.warn('not everything could be closed', { error: cause }));
      throw error;
    }
  }

  private constructor(options: MemberOptions) {
    this.#options = options;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  close(): Promise<void> {
    return this.#closing.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { config, logger } = this.#options;
    const dir = dataDir(config.dataDir);
    const { identity, members } = identityOf(config);
    const access =
      config.initialAccessFile === undefined ? undefined : await readInitialAccess(config.initialAccessFile);
    await makeDataDir(dir);
    const lock = await FolderLock.take(dir.root);
    this.#closing.add(() => lock.release());

    const peerMaterial = this.#material(config.peerTls);
    const peers = members.map(({ id, name, peerUrls }): Peer => ({ id, name, urls: peerUrls }));
    const self = peers.find(({ id }) => id === identity.memberId);
    assert(self !== undefined, 'a member is one of its cluster');
    const network = await GrpcPeerNetwork.open({
      clusterId: identity.clusterId,
      self,
      listen: config.listenPeerUrls,
      ...(peerMaterial === undefined ? {} : { material: peerMaterial }),
      snapshotFolder: dir.snapshots,
      logger,
    });
    this.#closing.add(() => network.close());
    network.setPeers(peers.filter((peer) => peer !== self));

    const tokens = new Tokens({ now: systemClock.now, ttlMs: config.authTokenSeconds * 1000 });
    const replica = await Replica.open({
      dir,
      identity,
      initialMembers: members,
      access,
      heartbeatMs: config.heartbeatMs,
      electionMs: config.electionMs,
      snapshotEntries: config.snapshotEntries,
      disk: nodeDisk,
      network,
      clock: systemClock,
      random: Math.random,
      tokens,
      logger,
      onFailure: (error) => this.#fail(error),
    });
    this.#closing.add(() => replica.close());
    replica.start();
    logger.info('member started', {
      'local-member-id': identity.memberId,
      'cluster-id': identity.clusterId,
      name: identity.name,
    });

    await this.#unlessEnded(replica.bootstrapped, signal);
    await this.#serveClients(replica, tokens);
    const clientUrls = config.advertiseClientUrls.map(({ text }) => text);
    const attributes = { kind: 'member-attributes', id: identity.memberId, name: identity.name, clientUrls } as const;
    void proposeUntilApplied({ consensus: replica.consensus, clock: systemClock, logger }, attributes);
  }

  async #unlessEnded(event: Promise<void>, signal: AbortSignal): Promise<void> {
    const ended = new Promise<never>((_, reject) => {
      const stopped = () => reject(new ClusterError('stopped', 'stopped before the cluster was there'));
      if (signal.aborted) stopped();
      else signal.addEventListener('abort', stopped, { once: true });
    });
    await Promise.race([event, ended, this.failed.then((error) => Promise.reject(error))]);
  }

  async #serveClients(replica: Replica, tokens: Tokens): Promise<void> {
    const { config, logger } = this.#options;
    const state = this.#apiState(replica, tokens);
    const front = new GrpcFront({ state, requestBytesMax: config.requestBytesMax, logger });
    this.#closing.add(() => front.close());
    await this.#serveProbes(state);
    const material = this.#material(config.clientTls);
    const requireClientCertificate = config.clientTls?.requireClientCertificate ?? false;
    for (const address of config.listenClientUrls) {
      const listener = await Listener.open({
        address,
        ...(material === undefined ? {} : { tls: { material, requireClientCertificate } }),
        serveHttp2: (socket) => front.serve(socket),
        serveHttp1: httpHandler(state),
        logger,
      });
      this.#closing.add(() => listener.close());
      logger.info('serving client traffic', { address: listener.address.text });
    }
  }

  /** In clear, or with the members' certificate but asking for none: they tell nothing but whether all is well. */
  async #serveProbes(state: ApiState): Promise<void> {
    const { config, logger } = this.#options;
    for (const address of config.listenMetricsUrls) {
      const material = address.secure ? this.#material(config.clientTls) : undefined;
      const listener = await Listener.open({
        address,
        ...(material === undefined ? {} : { tls: { material, requireClientCertificate: false } }),
        serveHttp2: (socket) => socket.destroy(),
        serveHttp1: httpHandler(state),
        logger,
      });
      this.#closing.add(() => listener.close());
    }
  }

  #apiState(replica: Replica, tokens: Tokens): ApiState {
    const { config, version } = this.#options;
    const { state, consensus } = replica;
    const passwords = new Passwords(config.bcryptCost);
    const authenticator = new Authenticator({
      auth: state.auth,
      tokens,
      passwords,
      clientCertAuth: config.clientCertAuth,
      appliedIndex: () => state.appliedIndex,
      linearize: (signal) => consensus.linearize(signal),
    });
    return {
      consensus,
      kv: state.keys,
      compactionDone: (signal) => replica.compactionDone(signal),
      auth: state.auth,
      authenticator,
      passwords,
      permissions: new Permissions(state.auth),
      members: state.members,
      storage: { size: () => state.size, sizeInUse: () => state.sizeInUse },
      txnOpsMax: config.txnOpsMax,
      version,
    };
  }

  #material(tls: TlsConfig | undefined): TlsMaterial | undefined {
    if (tls === undefined) return undefined;
    const material = new TlsMaterial(tls.files, { logger: this.#options.logger });
    this.#closing.add(() => material.close());
    return material;
  }
}
