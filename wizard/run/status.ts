import { join } from 'node:path';
import { type EtcdClient, idText, type MemberStatus } from '#cluster';
import { authorityFiles, daysLeft, PkiError, readCertificate } from '#pki';
import { kitFiles, memberFiles, memberFolder, pkiFolder } from '../layout.js';
import { type Member, type Plan, usersOf } from '../plan/plan.js';
import { connectAsRoot, endpointOf } from './cluster-client.js';
import { pidOf } from './pid-file.js';

export interface MemberReport {
  readonly name: string;
  readonly endpoint: string;
  /** Of a member that `up` started on this machine. */
  readonly pid: number | undefined;
  readonly state: 'leader' | 'follower' | 'learner' | 'no leader' | 'unreachable';
  /** Why it is unreachable. */
  readonly reason?: string;
  readonly id?: string;
  readonly version?: string;
  readonly term?: number;
  readonly index?: number;
  readonly appliedIndex?: number;
  /** Of the store's file, in bytes. */
  readonly dbSize?: number;
  readonly revision?: number;
}

export interface CertificateReport {
  readonly name: string;
  readonly path: string;
  /** Whole days, negative when it has expired; undefined when it can't be read. */
  readonly daysLeft: number | undefined;
  readonly reason?: string;
}

export interface StatusReport {
  readonly cluster: string;
  readonly engine: string;
  readonly healthy: boolean;
  readonly members: readonly MemberReport[];
  readonly certificates: readonly CertificateReport[];
}

function stateOf(status: MemberStatus): MemberReport['state'] {
  if (status.learner) return 'learner';
  if (status.leader === 0n) return 'no leader';
  return status.leader === status.header.memberId ? 'leader' : 'follower';
}

async function reportMember(client: EtcdClient, member: Member, dir: string): Promise<MemberReport> {
  const pid = await pidOf(dir, member.name);
  const endpoint = endpointOf(member);
  try {
    const status = await client.status(endpoint, { timeoutMs: 3000 });
    const { version, term, index, appliedIndex, dbSize, header } = status;
    const { memberId, revision } = header;
    const figures = { id: idText(memberId), version, term, index, appliedIndex, dbSize, revision };
    return { name: member.name, endpoint, pid, state: stateOf(status), ...figures };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name: member.name, endpoint, pid, state: 'unreachable', reason };
  }
}

async function reportCertificate(name: string, path: string, dir: string, now: Date): Promise<CertificateReport> {
  try {
    return { name, path, daysLeft: daysLeft(await readCertificate(join(dir, path)), now) };
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return { name, path, daysLeft: undefined, reason: error.message };
  }
}

const certificates = (plan: Plan): readonly (readonly [name: string, path: string])[] => [
  ['authority', join(pkiFolder, authorityFiles.certificate)],
  ...plan.members.flatMap(({ name }) => [
    [`${name} server`, join(memberFolder(name), memberFiles.serverCertificate)] as const,
    [`${name} peer`, join(memberFolder(name), memberFiles.peerCertificate)] as const,
  ]),
  ...usersOf(plan).map(({ name }) => [`user ${name}`, kitFiles(name).certificate] as const),
];

/** How the cluster is, as far as can be seen from here. Healthy: a leader, and every member reachable. */
export async function statusOf(plan: Plan, dir: string, now: Date): Promise<StatusReport> {
  const client = await connectAsRoot(plan, dir);
  try {
    const [members, reported] = await Promise.all([
      Promise.all(plan.members.map((member) => reportMember(client, member, dir))),
      Promise.all(certificates(plan).map(([name, path]) => reportCertificate(name, path, dir, now))),
    ]);
    const healthy = members.every(({ state }) => state !== 'unreachable' && state !== 'no leader');
    return { cluster: plan.cluster.name, engine: plan.cluster.engine, healthy, members, certificates: reported };
  } finally {
    client.close();
  }
}
