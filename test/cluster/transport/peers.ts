import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { clusterId, index, type MemberId, memberId, term } from '../../../cluster/numbers.js';
import type { Message, SnapshotMark } from '../../../cluster/raft/types.js';
import { parseAddress } from '../../../cluster/transport/address.js';
import type { CertificateRules } from '../../../cluster/transport/certificate-rules.js';
import type { Identity } from '../../../cluster/transport/hello.js';
import type { PeerLimits } from '../../../cluster/transport/limits.js';
import type { Peer } from '../../../cluster/transport/network.js';
import { TcpPeerNetwork } from '../../../cluster/transport/peer-network.js';
import type { TlsFiles } from '../../../cluster/transport/tls-files.js';
import { TlsMaterial } from '../../../cluster/transport/tls-material.js';
import { freePort } from '../../ports.js';
import { type Authority, folderOf, issue, makeAuthority } from './certificates.js';
import { recordingLogger } from './eventually.js';

export const cluster = clusterId(0xc1n);

export interface MemberOptions {
  readonly id: bigint;
  readonly name?: string;
  /** Absent: no TLS. */
  readonly files?: TlsFiles;
  readonly cluster?: bigint;
  readonly port?: number;
  readonly limits?: Partial<PeerLimits>;
  readonly snapshotFolder?: string;
  /** What it asks of the others' certificates. */
  readonly rules?: CertificateRules;
  /** What it shows where it connects, if not `files`. */
  readonly dialFiles?: TlsFiles;
  /** Takes no messages yet. */
  readonly isStarting?: boolean;
}

/** A member's network, and all that it heard. */
export async function openMember(t: ExecutionContext, options: MemberOptions) {
  const { id, name = `m${id}`, files } = options;
  const logger = recordingLogger();
  const material = files && new TlsMaterial(files, { logger, pollMs: 20 });
  const dialMaterial = options.dialFiles && new TlsMaterial(options.dialFiles, { logger, pollMs: 20 });
  // One of the system's would be somebody else's as soon as this member is closed.
  const port = options.port ?? (await freePort());
  const address = parseAddress(`${files ? 'https' : 'http'}://127.0.0.1:${port}`);
  const snapshotFolder = options.snapshotFolder ?? join(folderOf(t), 'snapshots');
  const identity: Identity = {
    clusterId: clusterId(options.cluster ?? cluster),
    self: { id: memberId(id), name, urls: [address.text] },
  };
  const network = await TcpPeerNetwork.open({
    ...identity,
    listen: [address],
    ...(material ? { material } : {}),
    ...(dialMaterial ? { dialMaterial } : {}),
    rules: options.rules ?? {},
    snapshotFolder,
    logger,
    limits: options.limits ?? {},
  });
  const close = async (): Promise<void> => {
    await network.close();
    material?.close();
    dialMaterial?.close();
  };
  t.teardown(close);
  const heard: Message[] = [];
  const unreachable: MemberId[] = [];
  const listen = () => network.onMessages((messages) => void heard.push(...messages));
  if (!options.isStarting) listen();
  network.onUnreachable((peer) => void unreachable.push(peer));
  const peer: Peer = identity.self;
  return { network, identity, material, peer, port, heard, listen, unreachable, logger, snapshotFolder, close };
}

export type Member = Awaited<ReturnType<typeof openMember>>;

export const introduce = (...members: readonly Member[]): void => {
  for (const { network, peer } of members) {
    network.setPeers(members.map((other) => other.peer).filter(({ id }) => id !== peer.id));
  }
};

/** An authority and the certificates of members m1, m2… by it. */
export function certified(t: ExecutionContext, count: number): { authority: Authority; files: readonly TlsFiles[] } {
  const folder = folderOf(t);
  const authority = makeAuthority(folder);
  const names = Array.from({ length: count }, (_, at) => `m${at + 1}`);
  return { authority, files: names.map((name) => issue(folder, authority, { name })) };
}

export const heartbeat = (from: Member, to: Member, context: number): Message => ({
  kind: 'heartbeat',
  from: from.peer.id,
  to: to.peer.id,
  term: term(1),
  commit: index(0),
  context,
});

export const contexts = (messages: readonly Message[]): readonly number[] =>
  messages.flatMap((message) => (message.kind === 'heartbeat' ? [message.context] : []));

export const mark: SnapshotMark = {
  index: index(1000),
  term: term(3),
  membership: { voters: [memberId(1n), memberId(2n ** 64n - 1n)], outgoing: [], learners: [memberId(3n)] },
};
