import { index, type MemberId, memberId } from '../numbers.js';
import type { Member } from '../operations/members.js';
import type { Membership } from '../raft/types.js';
import { etcdserverpb, quorate } from '../wire/generated/messages.js';
import { fromId, toId, type Wide } from '../wire/long.js';

// Rows of the members' tables, keyed by ids and indexes, 8 bytes, big-endian.

export function rowKey(number: bigint): Uint8Array {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(number);
  return key;
}

export const idOfRow = (key: Uint8Array): MemberId => memberId(Buffer.from(key).readBigUInt64BE());
export const indexOfRow = (key: Uint8Array) => index(Number(Buffer.from(key).readBigUInt64BE()));

export const encodeMember = ({ id, name, peerUrls, clientUrls, isLearner }: Member): Uint8Array =>
  etcdserverpb.Member.encode({
    ID: fromId(id),
    name,
    peerURLs: [...peerUrls],
    clientURLs: [...clientUrls],
    isLearner,
  }).finish();

export function decodeMember(bytes: Uint8Array): Member {
  const { ID, name, peerURLs, clientURLs, isLearner } = etcdserverpb.Member.decode(bytes);
  return { id: memberId(toId(ID)), name, peerUrls: peerURLs, clientUrls: clientURLs, isLearner };
}

export const encodeMembership = ({ voters, outgoing, learners }: Membership): Uint8Array =>
  quorate.PeerMark.encode({
    voters: voters.map(fromId),
    outgoing: outgoing.map(fromId),
    learners: learners.map(fromId),
  }).finish();

export function decodeMembership(bytes: Uint8Array): Membership {
  const { voters, outgoing, learners } = quorate.PeerMark.decode(bytes);
  return { voters: ids(voters), outgoing: ids(outgoing), learners: ids(learners) };
}

const ids = (wide: readonly Wide[]): readonly MemberId[] => wide.map((id) => memberId(BigInt.asUintN(64, toId(id))));
