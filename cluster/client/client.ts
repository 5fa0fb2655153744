import { type LeaseId, leaseId, type MemberId, memberId, type Revision, type Term, term } from '../numbers.js';
import type {
  Compare,
  DeleteRangeResult,
  KeyRange,
  KeyValue,
  Operation,
  PutResult,
  Range,
  RangeResult,
  TxnResult,
} from '../operations/kv.js';
import { type AnswerHeader, headerOf } from '../wire/headers.js';
import { fromId, toCount, toId } from '../wire/long.js';
import { deleteRangeMessage, putMessage, rangeMessage, txnMessage } from '../wire/requests.js';
import { deleteRangeResultOf, putResultOf, rangeResultOf, txnResultOf } from '../wire/responses.js';
import { clusterMethods, healthMethods, kvMethods, leaseMethods, maintenanceMethods } from '../wire/services.js';
import { AuthCalls } from './auth-calls.js';
import type { ClientTls } from './channel.js';
import { type CallOptions, ClusterCalls } from './cluster-calls.js';
import { type Bytes, bytes, deletion, put, range } from './operations.js';

export interface ConnectOptions {
  /** `https://host:port`, `http://host:port` (then nothing is encrypted), or `host:port`: encrypted if `tls` is given. */
  readonly endpoints: readonly string[];
  readonly tls?: ClientTls;
  /** From `auth.authenticate`; a certificate's common name works without. */
  readonly token?: string;
}

export type Answered<Result> = Result & { readonly header: AnswerHeader };

/** What a member says of itself. Fields that an older etcd does not send are '' or 0. */
export interface MemberStatus {
  readonly header: AnswerHeader;
  readonly version: string;
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  /** 0: it knows none. */
  readonly leader: MemberId;
  readonly term: Term;
  readonly index: number;
  readonly appliedIndex: number;
  readonly learner: boolean;
  readonly errors: readonly string[];
}

export interface MemberInfo {
  readonly id: MemberId;
  /** '' until it was started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
}

/** A part of a snapshot; `version` is '' where the server, an etcd before 3.6, does not say what layout it has. */
export interface SnapshotPiece {
  readonly bytes: Uint8Array;
  /** Of the database, after this piece. */
  readonly remaining: number;
  readonly version: string;
}

export interface KeysHash {
  readonly header: AnswerHeader;
  /** CRC-32C */
  readonly hash: number;
  /** -1: nothing was ever compacted. */
  readonly compactRevision: number;
}

export interface LeaseInfo {
  readonly id: LeaseId;
  /** Left of its time. */
  readonly ttlSeconds: number;
  /** That go with it. */
  readonly keys: readonly Uint8Array[];
}

export type Health = 'serving' | 'not-serving' | 'unknown';

const healths: readonly Health[] = ['unknown', 'serving', 'not-serving'];

/** A client for any server of etcd's v3 API, 3.4 or later. Every call throws ClusterError. */
export class EtcdClient implements AsyncDisposable {
  /** Users, roles, permissions, and turning them on. */
  readonly auth: AuthCalls;
  readonly #calls: ClusterCalls;

  private constructor(calls: ClusterCalls) {
    this.#calls = calls;
    this.auth = new AuthCalls(calls);
  }

  /**
   * Connects with the first call.
   * @throws ClusterError invalid-argument for an endpoint that does not read as one
   */
  static connect({ endpoints, tls, token }: ConnectOptions): EtcdClient {
    return new EtcdClient(new ClusterCalls(endpoints, tls, token));
  }

  get endpoints(): readonly string[] {
    return this.#calls.endpoints;
  }

  /** Shows this token from now on; undefined: none. */
  useToken(token: string | undefined): void {
    this.#calls.token = token;
  }

  /** One key. */
  async get(key: Bytes, options?: CallOptions): Promise<KeyValue | undefined> {
    const { kvs } = await this.range({ key: bytes(key) }, options);
    return kvs[0];
  }

  /** What is not said of the range is etcd's default: linearizable, the latest revision, everything. */
  async range(what: KeyRange & Partial<Range>, options?: CallOptions): Promise<Answered<RangeResult>> {
    const response = await this.#calls.anywhere(kvMethods.range, rangeMessage(range(what)), 'repeatable', options);
    return { ...rangeResultOf(response), header: headerOf(response.header) };
  }

  async put(key: Bytes, value: Bytes, options?: CallOptions): Promise<Answered<PutResult>> {
    const response = await this.#calls.anywhere(kvMethods.put, putMessage(put(key, value)), 'once', options);
    return { ...putResultOf(response), header: headerOf(response.header) };
  }

  /** A key, or a range of keys. */
  async delete(what: Bytes | KeyRange, options?: CallOptions): Promise<Answered<DeleteRangeResult>> {
    const request = deleteRangeMessage(deletion(what));
    const response = await this.#calls.anywhere(kvMethods.deleteRange, request, 'once', options);
    return { ...deleteRangeResultOf(response), header: headerOf(response.header) };
  }

  /** All of `compare` true: `success` is carried out, otherwise `failure`. */
  async txn(
    txn: {
      readonly compare?: readonly Compare[];
      readonly success?: readonly Operation[];
      readonly failure?: readonly Operation[];
    },
    options?: CallOptions,
  ): Promise<Answered<TxnResult>> {
    const request = txnMessage({ kind: 'txn', compare: [], success: [], failure: [], ...txn });
    const response = await this.#calls.anywhere(kvMethods.txn, request, 'once', options);
    return { ...txnResultOf(response), header: headerOf(response.header) };
  }

  /** Forgets what was overwritten or deleted before `at`; `physical`: and answers when it is gone from the disk. */
  async compact(at: Revision, options: CallOptions & { readonly physical?: boolean } = {}): Promise<void> {
    const request = { revision: at, physical: options.physical ?? false };
    await this.#calls.anywhere(kvMethods.compact, request, 'once', options);
  }

  /** One member's own view. */
  async status(endpoint: string, options?: CallOptions): Promise<MemberStatus> {
    const response = await this.#calls.at(endpoint, maintenanceMethods.status, {}, options);
    return {
      header: headerOf(response.header),
      version: response.version,
      dbSize: toCount(response.dbSize),
      dbSizeInUse: toCount(response.dbSizeInUse),
      leader: memberId(toId(response.leader)),
      term: term(toCount(response.raftTerm)),
      index: toCount(response.raftIndex),
      appliedIndex: toCount(response.raftAppliedIndex),
      learner: response.isLearner,
      errors: response.errors,
    };
  }

  /** Those that live now; of whom they are is nowhere recorded. */
  async leases(options?: CallOptions): Promise<readonly LeaseId[]> {
    const { leases } = await this.#calls.anywhere(leaseMethods.leaseLeases, {}, 'repeatable', options);
    return leases.map(({ ID }) => leaseId(toId(ID)));
  }

  /** Undefined: it lives no more. */
  async lease(id: LeaseId, options?: CallOptions): Promise<LeaseInfo | undefined> {
    const request = { ID: fromId(id), keys: true };
    const response = await this.#calls.anywhere(leaseMethods.leaseTimeToLive, request, 'repeatable', options);
    const ttlSeconds = toCount(response.TTL);
    return ttlSeconds < 0 ? undefined : { id, ttlSeconds, keys: response.keys };
  }

  async memberList(options?: CallOptions): Promise<readonly MemberInfo[]> {
    const response = await this.#calls.anywhere(
      clusterMethods.memberList,
      { linearizable: true },
      'repeatable',
      options,
    );
    return response.members.map((member) => ({
      id: memberId(toId(member.ID)),
      name: member.name ?? '',
      peerUrls: member.peerURLs ?? [],
      clientUrls: member.clientURLs ?? [],
      learner: member.isLearner ?? false,
    }));
  }

  /** Has the cluster know of a member that is to come. */
  async memberAdd(peerUrls: readonly string[], learner: boolean, options?: CallOptions): Promise<MemberId> {
    const request = { peerURLs: [...peerUrls], isLearner: learner };
    const { member } = await this.#calls.anywhere(clusterMethods.memberAdd, request, 'once', options);
    return memberId(toId(member?.ID));
  }

  async memberRemove(id: MemberId, options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(clusterMethods.memberRemove, { ID: fromId(id) }, 'once', options);
  }

  /**
   * Makes a voter of a learner.
   * @param endpoint the leader's: followers of etcd 3.4 do not pass it on
   * @throws ClusterError `learner-not-ready` until it has what the leader has
   */
  async memberPromote(endpoint: string, id: MemberId, options?: CallOptions): Promise<void> {
    await this.#calls.at(endpoint, clusterMethods.memberPromote, { ID: fromId(id) }, options);
  }

  /**
   * One member's store as a file that etcd's own tools restore, in pieces: the database, and its SHA-256 at the end.
   * `timeoutMs`: how long to wait for each piece, the first of which comes when the member has written all of them.
   */
  async *snapshot(endpoint: string, options?: CallOptions): AsyncGenerator<SnapshotPiece> {
    const messages = this.#calls.streamAt(endpoint, maintenanceMethods.snapshot, {}, options);
    for await (const { blob, remainingBytes, version } of messages) {
      yield { bytes: blob, remaining: toCount(remainingBytes), version };
    }
  }

  /** One member's checksum of its keys and their history, up to a revision: the same on all members. */
  async hashKeys(endpoint: string, at?: Revision, options?: CallOptions): Promise<KeysHash> {
    const response = await this.#calls.at(endpoint, maintenanceMethods.hashKV, { revision: at ?? 0 }, options);
    const { hash, compactRevision, header } = response;
    return { hash, compactRevision: toCount(compactRevision), header: headerOf(header) };
  }

  /** gRPC's health service of one member; it says nothing about a quorum. */
  async health(endpoint: string, options?: CallOptions): Promise<Health> {
    const { status } = await this.#calls.at(endpoint, healthMethods.check, { service: '' }, options);
    return healths[status] ?? 'unknown';
  }

  close(): void {
    this.#calls.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** @see EtcdClient.connect */
export const connect = (options: ConnectOptions): EtcdClient => EtcdClient.connect(options);
