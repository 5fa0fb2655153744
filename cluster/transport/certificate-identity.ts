import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { parseAddress } from './address.js';
import { type AllowedNames, commonNameOf, isAllowed } from './certificate-rules.js';
import type { Peer } from './network.js';

const hostsOf = (peer: Peer): readonly string[] => peer.urls.map((url) => parseAddress(url).host);

/**
 * Whether a certificate, whose chain was verified, is that of the member `peer` and of no other in `all`.
 *
 * 1. Its CN is a member's name: then it is that member's, whatever else it says.
 * 2. A DNS SAN is the peer's name (not `localhost`, which every member has, nor where another member is).
 * 3. For certificates not made by us: a SAN is the host of one of the peer's URLs, and no other member is at that host.
 * 4. It names what the operator has said that members' certificates name (`allowed`): such a one may be all members'.
 *
 * A member that has not started yet has no name. It is anybody whose certificate is good for its host and no other member's.
 *
 * So members on one machine, which share 127.0.0.1, are told apart by their names; members with certificates of another
 * tool by their addresses. Worked example, m1 and m2 at 127.0.0.1, m3 at 10.0.0.3:
 *
 *   CN=m1, IP:127.0.0.1, DNS:m1     m1 by 1
 *   CN=node, IP:127.0.0.1           nobody: the host is shared
 *   CN=node, IP:10.0.0.3            m3 by 3
 *   CN=m2, IP:10.0.0.3              m2 by 1, and not m3
 */
export function certifies(
  certificate: X509Certificate,
  peer: Peer,
  all: readonly Peer[],
  allowed?: AllowedNames,
): boolean {
  const commonName = commonNameOf(certificate);
  if (all.some(({ name }) => name !== '' && name === commonName)) return commonName === peer.name;
  if (allowed !== undefined && isAllowed(certificate, allowed)) return true;
  if (peer.name === '') return certifiesUnnamed(certificate, peer, all);
  const others = all.filter(({ id }) => id !== peer.id).flatMap(hostsOf);
  const nameIsItsOwn = peer.name !== 'localhost' && isIP(peer.name) === 0 && !others.includes(peer.name);
  if (nameIsItsOwn && names(certificate, peer.name)) return true;
  return hostsOf(peer).some((host) => !others.includes(host) && names(certificate, host));
}

function certifiesUnnamed(certificate: X509Certificate, peer: Peer, all: readonly Peer[]): boolean {
  const named = all.filter(({ name }) => name !== '');
  if (named.some((other) => certifies(certificate, other, all))) return false;
  return hostsOf(peer).some((host) => names(certificate, host));
}

const names = (certificate: X509Certificate, host: string): boolean =>
  isIP(host) === 0
    ? certificate.checkHost(host, { subject: 'never', wildcards: false }) !== undefined
    : certificate.checkIP(host) !== undefined;
