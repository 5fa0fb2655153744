import type { RequestListener } from 'node:http';
import { GrpcFront } from '../api/grpc.js';
import { handOver } from '../api/hand-over.js';
import { probePageHandler } from '../api/http/pages.js';
import type { ApiState, Reconfiguration } from '../api/state.js';
import { etcdVersion } from '../api/version.js';
import { Permissions } from '../apply/permissions.js';
import { Authenticator } from '../auth/authenticator.js';
import type { SignedTokens } from '../auth/jwt-options.js';
import { Passwords } from '../auth/passwords.js';
import { Tokens } from '../auth/tokens.js';
import { systemClock } from '../clock.js';
import { effectiveGates, type MemberConfig } from '../config/index.js';
import { ClusterError } from '../errors.js';
import { measuredDisk } from '../log/measured-disk.js';
import { nodeDisk } from '../log/node-disk.js';
import type { Logger } from '../logger.js';
import { AutoCompaction } from '../maintenance/index.js';
import { Measures } from '../measures.js';
import type { AccessDeclaration } from '../operations/auth.js';
import type { Address } from '../transport/address.js';
import { Listener, type ListenerLimits, type ListenerOptions } from '../transport/listener.js';
import { type PeerNetworkOptions, TcpPeerNetwork } from '../transport/peer-network.js';
import type { TlsFiles } from '../transport/tls-files.js';
import { TlsMaterial } from '../transport/tls-material.js';
import type { TlsProtocol } from '../transport/tls-protocol.js';
import { AuditLog } from './audit-log.js';
import { Closing } from './closing.js';
import { CorruptionChecks } from './corruption-checks.js';
import { dataDir, type Identity, makeDataDir } from './data-dir.js';
import { originOf } from './identity.js';
import { FolderLock } from './lock.js';
import { openFiles } from './open-files.js';
import { proposeUntilApplied } from './own-proposals.js';
import { type PeerPages, peerHandler } from './peer-pages.js';
import { askAnyForMembers } from './peer-questions.js';
import { reconfiguration } from './reconfiguration.js';
import { Replica } from './replica.js';
import { startFields } from './start-fields.js';

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
  readonly #measures: Measures;
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
    this.#measures = new Measures(options.config.metrics === 'extensive');
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
    const dir = dataDir(config.dataDir, config.walDir);
    const access = await this.#initialAccess();
    logger.info('starting a member', { ...startFields(config), 'server-version': this.#options.version });
    await makeDataDir(dir);
    const lock = await FolderLock.take(dir.root);
    this.#closing.add(() => lock.release());

    const peerTls = this.#peerTls();
    const peerMaterial = peerTls.dialMaterial ?? peerTls.material;
    const disk = measuredDisk(nodeDisk, this.#measures, (tookMs) => this.#warnOfSlowSync(tookMs));
    const { identity, members, isJoining } = await originOf(config, dir, disk, peerMaterial, systemClock, signal);
    const urls = config.advertisePeerUrls.map(({ text }) => text);
    let replica: Replica | undefined;
    const network = await TcpPeerNetwork.open({
      clusterId: identity.clusterId,
      self: { id: identity.memberId, name: identity.name, urls },
      listen: config.listenPeerUrls,
      ...peerTls,
      snapshotFolder: dir.snapshots,
      logger,
      measures: this.#measures,
      serveHttp1: peerHandler(() => replica && pagesOf(replica, identity)),
    });
    this.#closing.add(() => network.close());

    const jwt = await this.#jwtTokens();
    const tokens = new Tokens({ now: systemClock.now, ttlMs: config.authTokenSeconds * 1000 });
    const opened = await Replica.open({
      dir,
      identity,
      initialMembers: members,
      isJoining,
      lookUpMembers: (known) => askAnyForMembers(known, identity.clusterId, peerMaterial),
      forceNewCluster: config.forceNewCluster,
      access,
      heartbeatMs: config.heartbeatMs,
      electionMs: config.electionMs,
      snapshotEntries: config.snapshotEntries,
      catchUpEntries: config.catchUpEntries,
      compaction: { changes: config.compactionBatch, pauseMs: config.compactionPauseMs },
      disk,
      network,
      clock: systemClock,
      random: Math.random,
      tokens,
      logger,
      measures: this.#measures,
      slowApplyMs: config.slowApplyMs,
      onFailure: (error) => this.#fail(error),
    });
    replica = opened;
    this.#closing.add(() => opened.close());
    const changes = reconfiguration({
      replica: opened,
      material: peerMaterial,
      strict: config.strictReconfigCheck,
      learnersMax: config.learnersMax,
      connectedMs: (id) => network.connectedMs(id),
    });
    const state = this.#apiState(opened, tokens, jwt, changes);
    this.#closing.add(() => handOver(state, identity.memberId, config.electionMs));
    opened.start();
    logger.info('member started', {
      'local-member-id': identity.memberId,
      'cluster-id': identity.clusterId,
      name: identity.name,
    });

    const checks = new CorruptionChecks({
      replica: opened,
      network,
      self: identity.memberId,
      config,
      clock: systemClock,
      logger,
    });
    this.#closing.add(() => checks.close());
    await this.#defragmentAtStart(opened);
    await this.#unlessEnded(checks.atStart(), signal);
    await this.#unlessEnded(opened.bootstrapped, signal);
    // It only goes on to answer those who may need its vote to go on without it.
    if (opened.isRemoved) throw await this.failed;
    const tls = this.#clientTls();
    await this.#serveProbes(state, tls);
    await this.#unlessEnded(this.#publish(opened, identity), signal);
    await this.#serveClients(state, tls);
    this.#compactByItself(opened);
  }

  /** Once it is applied this member has all that was acknowledged before it began: sooner nobody is answered. */
  async #publish({ consensus }: Replica, { memberId: id, name }: Identity): Promise<void> {
    const { config, logger } = this.#options;
    const clientUrls = config.advertiseClientUrls.map(({ text }) => text);
    const attributes = { kind: 'member-attributes', id, name, clientUrls } as const;
    await proposeUntilApplied({ consensus, clock: systemClock, logger }, attributes);
    logger.info('enabled capabilities for version', { 'cluster-version': etcdVersion });
    logger.info('published local member to cluster through raft', { 'local-member-id': id, name, clientUrls });
  }

  #warnOfSlowSync(tookMs: number): void {
    const fields = { took: `${tookMs.toFixed(3)}ms`, 'expected-duration': '1s' };
    this.#options.logger.warn('slow fdatasync', fields);
  }

  async #unlessEnded(event: Promise<void>, signal: AbortSignal): Promise<void> {
    const ended = new Promise<never>((_, reject) => {
      const stopped = () => reject(new ClusterError('stopped', 'stopped before the cluster was there'));
      if (signal.aborted) stopped();
      else signal.addEventListener('abort', stopped, { once: true });
    });
    await Promise.race([event, ended, this.failed.then((error) => Promise.reject(error))]);
  }

  /** Loaded only where it is asked for: zod takes its time and its memory. */
  async #initialAccess(): Promise<AccessDeclaration | undefined> {
    const { initialAccessFile } = this.#options.config;
    if (initialAccessFile === undefined) return undefined;
    const { readInitialAccess } = await import('./initial-access.js');
    return readInitialAccess(initialAccessFile);
  }

  /** Loaded only where it is asked for: jose takes its time. */
  async #jwtTokens(): Promise<SignedTokens | undefined> {
    const { authToken } = this.#options.config;
    if (authToken.kind === 'simple') return undefined;
    const { JwtTokens } = await import('../auth/jwt.js');
    return JwtTokens.open(authToken, Date.now);
  }

  /** Closed after everything that writes to it. */
  #auditLog(): AuditLog | undefined {
    const { auditLog } = this.#options.config;
    if (auditLog === undefined) return undefined;
    const { path, level, megabytesMax, filesMax } = auditLog;
    const rotation = { bytesMax: megabytesMax * 2 ** 20, filesMax, daysMax: 0, localTime: false, compress: false };
    const opened = new AuditLog({ path, level, rotation, logger: this.#options.logger });
    this.#closing.add(() => opened.close());
    return opened;
  }

  async #serveClients(state: ApiState, tls: Pick<ListenerOptions, 'tls'>): Promise<void> {
    const { config, logger } = this.#options;
    const front = new GrpcFront({
      state,
      requestBytesMax: config.requestBytesMax,
      electionMs: config.electionMs,
      logger,
      access: { cors: config.corsOrigins, hostWhitelist: config.hostsAllowed, clientCertAuth: config.clientCertAuth },
      gatewayEnabled: config.gatewayEnabled,
      streamsMax: config.streamsMax,
      keepalive: config.keepalive,
      slowLimits: { readMs: config.slowApplyMs, requestMs: config.slowRequestMs },
    });
    this.#closing.add(() => front.close());
    const serving: Address[] = [];
    const apart = config.listenClientHttpUrls.length > 0;
    const limits = this.#connectionLimits();
    for (const address of [...config.listenClientUrls, ...config.listenClientHttpUrls]) {
      const isForGrpc = apart && config.listenClientUrls.includes(address);
      const listener = await Listener.open({
        address,
        ...tls,
        serveHttp2: (socket) => front.serve(socket),
        settings: front.settings,
        serveHttp1: isForGrpc ? notHere : front.serveHttp1,
        logger,
        // A stream of requests lasts as long as its client wants; the pages look after all else.
        limits: { ...limits, requestMs: 0 },
      });
      this.#closing.add(() => listener.close());
      serving.push(listener.address);
    }
    logger.info('ready to serve client requests');
    for (const { secure, text } of serving)
      logger.info(`serving client traffic ${secure ? 'securely' : 'insecurely'}`, { address: text });
  }

  /** In clear, or with all that the client URLs ask for: etcd once forgot its revocation list here (GHSA-3wh4-j44w-pg92). */
  async #serveProbes(state: ApiState, tls: Pick<ListenerOptions, 'tls'>): Promise<void> {
    const { config, logger } = this.#options;
    for (const address of config.listenMetricsUrls) {
      const listener = await Listener.open({
        address,
        ...tls,
        serveHttp1: probePageHandler({ state, logger }),
        logger,
      });
      this.#closing.add(() => listener.close());
    }
  }

  #apiState(replica: Replica, tokens: Tokens, jwt: SignedTokens | undefined, changes: Reconfiguration): ApiState {
    const { config, version } = this.#options;
    const { state, consensus, leaseKeeper } = replica;
    const passwords = new Passwords(config.bcryptCost);
    const authenticator = new Authenticator({
      auth: state.auth,
      tokens,
      jwt,
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
      permissions: new Permissions(state.auth, state.keys),
      leases: state.leases,
      leaseKeeper,
      leaseSecondsMin: Math.ceil((1.5 * config.electionMs) / 1000),
      members: state.members,
      reconfiguration: changes,
      isLearner: () => replica.isLearner,
      alarms: state.alarms,
      downgrade: state.downgrade,
      maintenance: replica.maintenance,
      storage: {
        size: () => state.size,
        sizeInUse: () => state.sizeInUse,
        defragment: () => replica.defragment(),
        quota: config.quotaBytes,
        openReads: () => state.openReads,
      },
      watches: state.watches,
      measures: this.#measures,
      audit: this.#auditLog(),
      pendingProposals: () => replica.pendingProposals,
      watchProgressMs: config.watchProgressMs,
      txnOpsMax: config.txnOpsMax,
      features: effectiveGates(config.featureGates),
      version,
    };
  }

  /** --bootstrap-defrag-threshold-megabytes */
  async #defragmentAtStart(replica: Replica): Promise<void> {
    const { config, logger } = this.#options;
    const { bootstrapDefragMegabytes: threshold } = config;
    const { size, sizeInUse } = replica.state;
    if (threshold === 0) return;
    if (size - sizeInUse >= threshold * 1024 ** 2) await replica.defragment();
    else logger.info('Skipping defragmentation', { 'current-db-size-bytes': size, 'db-size-in-use-bytes': sizeInUse });
  }

  #compactByItself(replica: Replica): void {
    const { config, logger } = this.#options;
    if (config.autoCompaction.kind === 'off') return;
    const compaction = new AutoCompaction(config.autoCompaction, {
      clock: systemClock,
      logger,
      revision: () => replica.state.keys.revision,
      leads: () => replica.standing.role === 'leader',
      compact: (revision) => replica.consensus.propose({ kind: 'compact', revision, own: true }, undefined),
    });
    compaction.start();
    this.#closing.add(async () => compaction.stop());
  }

  // Each port its share, so that clients on one do not shut out those on another.
  #connectionLimits(): Pick<ListenerLimits, 'connectionsMax'> {
    const { listenClientUrls, listenClientHttpUrls } = this.#options.config;
    const { connectionsMax, warning } = openFiles();
    if (warning !== undefined) this.#options.logger.warn(warning);
    return { connectionsMax: Math.ceil(connectionsMax / (listenClientUrls.length + listenClientHttpUrls.length)) };
  }

  #clientTls(): Pick<ListenerOptions, 'tls'> {
    const { clientTls } = this.#options.config;
    if (clientTls === undefined) return {};
    const { files, protocol, requireClientCertificate, rules } = clientTls;
    return { tls: { material: this.#material(files, protocol), requireClientCertificate, rules } };
  }

  #peerTls(): Pick<PeerNetworkOptions, 'material' | 'dialMaterial' | 'rules'> {
    const { peerTls } = this.#options.config;
    if (peerTls === undefined) return {};
    const { files, dialFiles, protocol, rules } = peerTls;
    const dialMaterial = dialFiles === undefined ? {} : { dialMaterial: this.#material(dialFiles, protocol) };
    return { material: this.#material(files, protocol), ...dialMaterial, rules };
  }

  #material(files: TlsFiles, protocol: TlsProtocol): TlsMaterial {
    const material = new TlsMaterial(files, { logger: this.#options.logger, protocol });
    this.#closing.add(() => material.close());
    return material;
  }
}

const pagesOf = (replica: Replica, { clusterId }: Identity): PeerPages => ({
  clusterId,
  members: () => replica.state.members.list(),
  learner: (id) => replica.learner(id),
});

const notHere: RequestListener = (_, response) => {
  response.writeHead(404, { 'content-type': 'text/plain' }).end('HTTP is answered at --listen-client-http-urls\n');
};
