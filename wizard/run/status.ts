import { join } from 'node:path';
import { type EtcdClient, idText, type MemberStatus } from '#cluster';
import { authorityFiles, daysLeft, inspectKeyPair, PkiError, readCertificate } from '#pki';
import { serialsOn } from '../apply/observe.js';
import { mapAtOnce } from '../at-once.js';
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
  /** ISO 8601; absent when it can't be read. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** What else is wrong with it. */
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
    const what = error instanceof Error ? error.message : String(error);
    const waits = pid !== undefined && what.endsWith('connection refused');
    const reason = waits ? `${what}; its process runs: until a majority does it serves nobody` : what;
    return { name: member.name, endpoint, pid, state: 'unreachable', reason };
  }
}

/** Where a certificate is, and its key; the authority's own key is none of status's business. */
interface Place {
  readonly name: string;
  readonly path: string;
  readonly key?: string;
}

const authorityPath = join(pkiFolder, authorityFiles.certificate);

function placesOf(plan: Plan): readonly Place[] {
  const ofMembers = plan.members.flatMap(({ name }) => {
    const at = (file: string): string => join(memberFolder(name), file);
    return [
      { name: `${name} server`, path: at(memberFiles.serverCertificate), key: at(memberFiles.serverKey) },
      { name: `${name} peer`, path: at(memberFiles.peerCertificate), key: at(memberFiles.peerKey) },
    ];
  });
  const ofUsers = usersOf(plan).map(({ name, key: place }) => {
    const { certificate, key } = kitFiles(name);
    return { name: `user ${name}`, path: certificate, ...(place === 'elsewhere' ? {} : { key }) };
  });
  return [{ name: 'authority', path: authorityPath }, ...ofMembers, ...ofUsers];
}

/** What the days do not tell. A folder without the authority is no fault of the certificate: it may be kept elsewhere. */
async function faultOf({ path, key }: Place, dir: string, now: Date): Promise<string | undefined> {
  if (key === undefined) return undefined;
  const at = (file: string): string => join(dir, file);
  const findings = await inspectKeyPair({ certificate: at(path), key: at(key), ca: at(authorityPath), now });
  return findings.find(
    ({ code, severity }) => severity === 'error' && code !== 'expired' && !code.startsWith('authority'),
  )?.message;
}

async function reportCertificate(
  place: Place,
  dir: string,
  now: Date,
  revoked: ReadonlySet<string>,
): Promise<CertificateReport> {
  const { name, path } = place;
  try {
    const certificate = await readCertificate(join(dir, path));
    const reason = revoked.has(certificate.serial) ? 'revoked' : await faultOf(place, dir, now);
    return {
      ...{ name, path, daysLeft: daysLeft(certificate, now) },
      ...{ notBefore: certificate.notBefore.toISOString(), notAfter: certificate.notAfter.toISOString() },
      ...(reason === undefined ? {} : { reason }),
    };
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return { name, path, daysLeft: undefined, reason: error.message };
  }
}

/** How the cluster is, as far as can be seen from here. Healthy: a leader, and every member reachable. */
export async function statusOf(plan: Plan, dir: string, now: Date): Promise<StatusReport> {
  const client = await connectAsRoot(plan, dir);
  const revoked = await serialsOn(join(dir, pkiFolder, authorityFiles.crlPem));
  try {
    const [members, reported] = await Promise.all([
      Promise.all(plan.members.map((member) => reportMember(client, member, dir))),
      mapAtOnce(placesOf(plan), (place) => reportCertificate(place, dir, now, revoked)),
    ]);
    const healthy = members.every(({ state }) => state !== 'unreachable' && state !== 'no leader');
    return { cluster: plan.cluster.name, engine: plan.cluster.engine, healthy, members, certificates: reported };
  } finally {
    client.close();
  }
}
