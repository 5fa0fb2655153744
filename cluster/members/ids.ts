import { createHash } from 'node:crypto';
import { type ClusterId, clusterId, type MemberId, memberId } from '../numbers.js';

// Ids as etcd computes them, so that every member of a new cluster comes to the same ones without asking.

const firstEightBytes = (data: Uint8Array): bigint => createHash('sha1').update(data).digest().readBigUInt64BE();

/** Of a member of the initial cluster: from where its peers reach it and the cluster's token. */
export function initialMemberId(peerUrls: readonly string[], token: string): MemberId {
  const urls = peerUrls.map((url) => Buffer.from(url)).sort(Buffer.compare);
  return memberId(firstEightBytes(Buffer.concat([...urls, Buffer.from(token)])));
}

/** Of a member that is added to a running cluster: from where its peers reach it and the second of the request. */
export function addedMemberId(peerUrls: readonly string[], seconds: number): MemberId {
  return initialMemberId(peerUrls, `${seconds}`);
}

/** Of a cluster: from the ids of its initial members. */
export function initialClusterId(members: readonly MemberId[]): ClusterId {
  const ids = Buffer.alloc(8 * members.length);
  for (const [place, id] of BigUint64Array.from(members).sort().entries()) ids.writeBigUInt64BE(id, 8 * place);
  return clusterId(firstEightBytes(ids));
}
