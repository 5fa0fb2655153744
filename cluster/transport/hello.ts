import type { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { ClusterError } from '../errors.js';
import { type ClusterId, idText, type MemberId, memberId } from '../numbers.js';
import { certifies } from './certificate-identity.js';
import type { CertificateRules } from './certificate-rules.js';
import type { Peer } from './network.js';
import { sameVersion } from './refusals.js';

/** Who this member is to the others. */
export interface Identity {
  readonly clusterId: ClusterId;
  readonly self: Peer;
  /** What is asked of the others' certificates beyond their chain. */
  readonly rules?: CertificateRules;
}

/** Raised when members of different versions would misread one another. */
export const protocolVersion = '2';

/** What a stream begins with: which protocol, which cluster, from whom, to whom. */
export const helloHeaders = ({ clusterId, self }: Identity, to: MemberId): OutgoingHttpHeaders => ({
  'quorate-protocol': protocolVersion,
  'quorate-cluster': idText(clusterId),
  'quorate-from': idText(self.id),
  'quorate-to': idText(to),
});

const refuseCluster = (message: string, details: Readonly<Record<string, unknown>>, hint: string): never => {
  throw new ClusterError('wrong-cluster', message, details, { hint });
};

/**
 * Decides whether a stream is from who it says, and gives that member. `certificate` is the verified one of the
 * connection; undefined in a cluster without TLS, where nobody can be certain of anybody.
 * @throws ClusterError wrong-cluster, member-removed, member-not-found, certificate-refused
 */
export function admit(
  headers: IncomingHttpHeaders,
  { clusterId, self, rules }: Identity,
  peers: ReadonlyMap<MemberId, Peer>,
  certificate: X509Certificate | undefined,
  isRemoved: (id: MemberId) => boolean = () => false,
): Peer {
  const { 'quorate-protocol': protocol, 'quorate-cluster': cluster, 'quorate-to': to } = headers;
  if (protocol !== protocolVersion) {
    const message = `the peer protocol is version ${protocolVersion} here, ${protocol ?? 'none'} there`;
    refuseCluster(message, { protocol }, sameVersion);
  }
  if (cluster !== idText(clusterId)) {
    const hint =
      'compare --initial-cluster and --initial-cluster-token of the two, or clear a data dir of an older cluster';
    refuseCluster(`this is cluster ${idText(clusterId)}, not ${cluster}`, { cluster }, hint);
  }
  if (to !== idText(self.id)) {
    const hint = 'the peer URL in --initial-cluster leads to another member';
    refuseCluster(`this is member ${idText(self.id)} (${self.name}), not ${to}`, { to }, hint);
  }
  const id = idOf(headers['quorate-from']);
  if (isRemoved(id)) throw removed(id);
  const peer = peers.get(id);
  if (peer === undefined) {
    const from = headers['quorate-from'];
    throw new ClusterError('member-not-found', `there is no member ${from} in this cluster`, { from });
  }
  if (certificate !== undefined) assertCertified(certificate, peer, [...peers.values(), self], rules);
  return peer;
}

const removed = (id: MemberId): ClusterError =>
  new ClusterError('member-removed', `member ${idText(id)} was removed from the cluster`, { id: idText(id) });

/** @throws ClusterError certificate-refused when the certificate is not that of `peer`, or of more than that one */
export function assertCertified(
  certificate: X509Certificate,
  peer: Peer,
  all: readonly Peer[],
  rules: CertificateRules | undefined,
): void {
  if (certifies(certificate, peer, all, rules?.allowed)) return;
  const subject = certificate.subject?.replaceAll('\n', ', ') ?? 'without a subject';
  throw new ClusterError(
    'certificate-refused',
    `certificate "${subject}" is not that of member ${peer.name}`,
    { member: peer.id, name: peer.name, subject, names: certificate.subjectAltName },
    {
      hint: `a member's certificate has its name as CN or DNS SAN: ${peer.name}; one for all members takes --peer-cert-allowed-cn`,
    },
  );
}

const idOf = (text: string | string[] | undefined): MemberId =>
  memberId(typeof text === 'string' && /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : 0n);
