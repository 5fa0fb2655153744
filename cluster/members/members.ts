import { ClusterError } from '../errors.js';
import { idText, type MemberId, memberId } from '../numbers.js';
import type { Action } from '../operations/action.js';
import type { Table, TableSource } from '../tables.js';
import { etcdserverpb } from '../wire/generated/messages.js';
import { fromId, toId } from '../wire/long.js';
import { initialMemberId } from './ids.js';

/** A server of the cluster, as the cluster knows it. */
export interface Member {
  readonly id: MemberId;
  /** '' until the member has started and said so. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** Empty until the member has started and said so. */
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export type MemberAttributes = Extract<Action, { kind: 'member-attributes' }>;

/** The members that `--initial-cluster` names, with the ids that follow from it. */
export const initialMembers = (
  servers: readonly { readonly name: string; readonly peerUrls: readonly string[] }[],
  token: string,
): readonly Member[] =>
  servers.map(({ name, peerUrls }) => {
    return { id: initialMemberId(peerUrls, token), name, peerUrls, clientUrls: [], isLearner: false };
  });

/** The cluster's members as replicated state: table `members`, id (8 bytes, big-endian) -> etcd's Member message. */
export class Members {
  #table: Table;
  readonly #members = new Map<MemberId, Member>();

  constructor(tables: TableSource) {
    this.#table = tables('members');
    this.#read();
  }

  /** In order of their ids. */
  list(): readonly Member[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  member(id: MemberId): Member | undefined {
    return this.#members.get(id);
  }

  /** Writes down the initial cluster, before the first entry is applied; later the list is what the log made of it. */
  initialise(members: readonly Member[]): void {
    if (this.#members.size > 0) return;
    for (const member of members) this.#save(member);
  }

  /** A member has started and says how it is reached. Throws ClusterError: member-not-found. */
  apply({ id, name, clientUrls }: MemberAttributes): void {
    const member = this.#members.get(id);
    if (member === undefined) {
      throw new ClusterError('member-not-found', `no member has the id ${idText(id)}`, { id: idText(id) });
    }
    this.#save({ ...member, name, clientUrls });
  }

  /** Goes over to the table of an installed snapshot. */
  reload(tables: TableSource): void {
    this.#table = tables('members');
    this.#members.clear();
    this.#read();
  }

  #read(): void {
    for (const [, value] of this.#table.range()) this.#remember(decodeMember(value));
  }

  #save(member: Member): void {
    this.#table.put(tableKey(member.id), encodeMember(member));
    this.#remember(member);
  }

  #remember(member: Member): void {
    this.#members.set(member.id, member);
  }
}

function tableKey(id: MemberId): Uint8Array {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(id);
  return key;
}

const encodeMember = ({ id, name, peerUrls, clientUrls, isLearner }: Member): Uint8Array =>
  etcdserverpb.Member.encode({
    ID: fromId(id),
    name,
    peerURLs: [...peerUrls],
    clientURLs: [...clientUrls],
    isLearner,
  }).finish();

function decodeMember(bytes: Uint8Array): Member {
  const { ID, name, peerURLs, clientURLs, isLearner } = etcdserverpb.Member.decode(bytes);
  return { id: memberId(toId(ID)), name, peerUrls: peerURLs, clientUrls: clientURLs, isLearner };
}
