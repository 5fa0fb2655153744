import type { X509Certificate } from 'node:crypto';
import { lookup, reverse } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Whom a certificate must name, beside being signed by an authority that is trusted. */
export type AllowedNames =
  | { readonly kind: 'common-names'; readonly names: readonly string[] }
  | { readonly kind: 'hostnames'; readonly names: readonly string[] };

/** What is asked of the other side's certificate beyond its chain. */
export interface CertificateRules {
  readonly allowed?: AllowedNames;
  /** Whoever connects must do so from where the certificate says; one without such names passes. For members. */
  readonly fromItsAddress?: boolean;
}

export interface Resolver {
  /** Names of an address. */
  reverse(address: string): Promise<readonly string[]>;
  /** Addresses of a name. */
  lookup(name: string): Promise<readonly string[]>;
}

export const systemResolver: Resolver = {
  reverse,
  lookup: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
};

/** With several CNs none is taken: which one counts is up to the reader, and two readers may differ. */
export function commonNameOf(certificate: X509Certificate): string | undefined {
  const commonName: unknown = certificate.toLegacyObject().subject?.CN;
  return typeof commonName === 'string' ? commonName : undefined;
}

/** Whether a SAN names the host; a wildcard stands for one whole label. */
const names = (certificate: X509Certificate, host: string): boolean =>
  isIP(host) === 0
    ? certificate.checkHost(host, { subject: 'never', partialWildcards: false }) !== undefined
    : certificate.checkIP(host) !== undefined;

export const isAllowed = (certificate: X509Certificate, allowed: AllowedNames): boolean =>
  allowed.kind === 'common-names'
    ? allowed.names.includes(commonNameOf(certificate) ?? '')
    : allowed.names.some((name) => names(certificate, name));

interface Names {
  readonly dns: readonly string[];
  readonly hasAddresses: boolean;
}

function namesIn({ subjectAltName = '' }: X509Certificate): Names {
  const entries = subjectAltName.split(', ');
  return {
    dns: entries.flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice(4).toLowerCase()] : [])),
    hasAddresses: entries.some((entry) => entry.startsWith('IP Address:')),
  };
}

/**
 * Whether somebody at `address` may show this certificate, by etcd's rule for members: an IP SAN is the address; or the
 * name of the address, or an address of a name, is a DNS SAN; or there are no such SANs at all. At once where no name
 * has to be looked up.
 */
export function isFrom(
  certificate: X509Certificate,
  address: string,
  resolver: Resolver,
): true | false | Promise<boolean> {
  const { dns, hasAddresses } = namesIn(certificate);
  if (!hasAddresses && dns.length === 0) return true;
  if (hasAddresses && certificate.checkIP(address) !== undefined) return true;
  return dns.length > 0 && isHostIn(dns, address, resolver);
}

const none = (): readonly string[] => [];

async function isHostIn(dns: readonly string[], address: string, resolver: Resolver): Promise<boolean> {
  const wildcards = dns.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  const hosts = dns.filter((name) => !name.startsWith('*.'));
  const found = (await resolver.reverse(address).catch(none)).map((name) => name.toLowerCase().replace(/\.$/, ''));
  if (found.some((name) => hosts.includes(name) || wildcards.some((end) => name.endsWith(end)))) return true;
  for (const host of hosts) {
    if ((await resolver.lookup(host).catch(none)).includes(address)) return true;
  }
  return false;
}
