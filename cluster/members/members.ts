import { ClusterError } from '../errors.js';
import { type Index, idText, index, type MemberId } from '../numbers.js';
import type { Action } from '../operations/action.js';
import type { Member, MemberChange } from '../operations/members.js';
import type { Membership } from '../raft/types.js';
import type { Table, TableSource } from '../tables.js';
import { initialMemberId } from './ids.js';
import { Memberships, membershipOf } from './memberships.js';
import * as rules from './reconfiguration.js';
import { decodeMember, encodeMember, idOfRow, rowKey } from './records.js';

export type { Member } from '../operations/members.js';
export type MemberAttributes = Extract<Action, { kind: 'member-attributes' }>;

/** The members that `--initial-cluster` names, with the ids that follow from it. */
export const initialMembers = (
  servers: readonly { readonly name: string; readonly peerUrls: readonly string[] }[],
  token: string,
): readonly Member[] =>
  servers.map(({ name, peerUrls }) => {
    return { id: initialMemberId(peerUrls, token), name, peerUrls, clientUrls: [], isLearner: false };
  });

/**
 * The cluster's members as replicated state: table `members`, id -> etcd's Member message; table `members-removed`, the ids
 * that never return; and who counted from which entry on.
 */
export class Members {
  #table: Table;
  #removed: Table;
  readonly #memberships: Memberships;
  readonly #members = new Map<MemberId, Member>();
  readonly #gone = new Set<MemberId>();
  #membership: Membership = membershipOf([]);
  #version = 0;

  constructor(tables: TableSource) {
    this.#table = tables('members');
    this.#removed = tables('members-removed');
    this.#memberships = new Memberships(tables);
    this.#read();
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version;
  }

  /** In order of their ids. */
  list(): readonly Member[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  member(id: MemberId): Member | undefined {
    return this.#members.get(id);
  }

  /** Ids that were members once and never will be again. */
  get removed(): ReadonlySet<MemberId> {
    return this.#gone;
  }

  /** Who counts now. Nobody does in the state of a member that has joined and was not sent the cluster's yet. */
  get membership(): Membership {
    return this.#membership;
  }

  /** Who counted when the entry at `at` had been applied. */
  membershipAt(at: Index): Membership {
    return this.#memberships.at(at) ?? this.#membership;
  }

  /** Writes down the initial cluster, before the first entry is applied; later the list is what the log made of it. */
  initialise(members: readonly Member[]): void {
    if (this.#members.size > 0) return;
    for (const member of members) this.#save(member);
    // In order of the ids: the flags of two members may name them in different orders.
    this.#setMembership(index(0), membershipOf(this.list()));
  }

  /** Where to find a cluster that is to be joined, whose own state will take the place of this. */
  initialiseJoining(members: readonly Member[]): void {
    // Of an earlier attempt, when there were others.
    for (const id of [...this.#members.keys()]) {
      this.#table.delete(rowKey(id));
      this.#members.delete(id);
    }
    for (const member of members) this.#save(member);
    this.#setMembership(index(0), membershipOf([]));
  }

  /** A member has started and says how it is reached. Throws ClusterError: member-not-found. */
  apply({ id, name, clientUrls }: MemberAttributes): void {
    this.#save({ ...rules.memberOf(this.list(), id), name, clientUrls });
  }

  /**
   * The entry at `at` changes who belongs to the cluster.
   * @throws ClusterError member-exists, member-not-found, peer-url-exists, too-many-learners, not-learner, not-enough-started
   */
  change(change: MemberChange, at: Index): readonly Member[] {
    switch (change.kind) {
      case 'member-add':
        this.#add(change);
        break;
      case 'member-remove':
        this.#remove(change);
        break;
      case 'member-update':
        this.#update(change);
        break;
      case 'member-promote':
        this.#promote(change);
        break;
      case 'member-keep':
        this.#keepOnly(change.id);
    }
    this.#setMembership(at, membershipOf(this.list()));
    return this.list();
  }

  /** Goes over to the tables of an installed snapshot. */
  reload(tables: TableSource): void {
    this.#table = tables('members');
    this.#removed = tables('members-removed');
    this.#memberships.reload(tables);
    this.#read();
  }

  #add({ id, peerUrls, isLearner, learnersMax, strict }: Extract<MemberChange, { kind: 'member-add' }>): void {
    const members = this.list();
    this.#assertNotGone(id);
    if (this.#members.has(id)) throw new ClusterError('member-exists', `${idText(id)} is a member`, { id: idText(id) });
    rules.checkUrlsAreFree(members, peerUrls);
    if (isLearner) rules.checkLearners(members, learnersMax);
    else if (strict) rules.checkMayAddVoter(members);
    this.#save({ id, name: '', peerUrls, clientUrls: [], isLearner });
  }

  #remove({ id, strict }: Extract<MemberChange, { kind: 'member-remove' }>): void {
    const members = this.list();
    this.#assertNotGone(id);
    const { isLearner } = rules.memberOf(members, id);
    if (!isLearner) {
      rules.checkVoterRemains(members, id);
      if (strict) rules.checkMayRemoveVoter(members, id);
    }
    this.#forget(id);
  }

  /** A learner stays one: in etcd 3.4 and 3.5 this made it a voter. */
  #update({ id, peerUrls }: Extract<MemberChange, { kind: 'member-update' }>): void {
    const members = this.list();
    this.#assertNotGone(id);
    const member = rules.memberOf(members, id);
    rules.checkUrlsAreFree(
      members.filter((one) => one !== member),
      peerUrls,
    );
    this.#save({ ...member, peerUrls });
  }

  #promote({ id, strict }: Extract<MemberChange, { kind: 'member-promote' }>): void {
    const members = this.list();
    this.#assertNotGone(id);
    const member = rules.memberOf(members, id);
    if (!member.isLearner) throw new ClusterError('not-learner', `${idText(id)} is a voter`, { id: idText(id) });
    if (strict) rules.checkMayPromote(members);
    this.#save({ ...member, isLearner: false });
  }

  #keepOnly(id: MemberId): void {
    const member = rules.memberOf(this.list(), id);
    for (const other of this.list()) if (other.id !== id) this.#forget(other.id);
    this.#save({ ...member, isLearner: false });
  }

  /** etcd answers what is asked of a removed id as if it had never been. */
  #assertNotGone(id: MemberId): void {
    if (!this.#gone.has(id)) return;
    throw new ClusterError('member-not-found', `${idText(id)} was removed, and never returns`, { id: idText(id) });
  }

  #read(): void {
    this.#version += 1;
    this.#members.clear();
    this.#gone.clear();
    for (const [, row] of this.#table.range()) this.#remember(decodeMember(row));
    for (const [key] of this.#removed.range()) this.#gone.add(idOfRow(key));
    this.#membership = this.#memberships.at(index(Number.MAX_SAFE_INTEGER)) ?? membershipOf(this.list());
  }

  #save(member: Member): void {
    this.#version += 1;
    this.#table.put(rowKey(member.id), encodeMember(member));
    this.#remember(member);
  }

  #forget(id: MemberId): void {
    this.#version += 1;
    this.#table.delete(rowKey(id));
    this.#removed.put(rowKey(id), new Uint8Array());
    this.#members.delete(id);
    this.#gone.add(id);
  }

  #setMembership(from: Index, membership: Membership): void {
    // A state of before there was the table: so it was from the beginning.
    if (this.#memberships.at(from) === undefined && from > 0) this.#memberships.note(index(0), this.#membership);
    this.#memberships.note(from, membership);
    this.#membership = membership;
  }

  #remember(member: Member): void {
    this.#members.set(member.id, member);
  }
}
