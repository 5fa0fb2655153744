import { BlockList, isIP } from 'node:net';

const listOf = (...subnets: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList => {
  const list = new BlockList();
  for (const subnet of subnets) list.addSubnet(...subnet);
  return list;
};

const loopback = listOf(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']);
const unspecified = listOf(['0.0.0.0', 32, 'ipv4'], ['::', 128, 'ipv6']);
// Nothing can listen on a multicast or broadcast address.
const unusable = listOf(['224.0.0.0', 4, 'ipv4'], ['255.255.255.255', 32, 'ipv4'], ['ff00::', 8, 'ipv6']);

const within = (list: BlockList, host: string): boolean => {
  const version = isIP(host);
  return version !== 0 && list.check(host, version === 4 ? 'ipv4' : 'ipv6');
};

/** 127.0.0.0/8, ::1 and the name localhost. */
export const isLoopback = (host: string): boolean => host.toLowerCase() === 'localhost' || within(loopback, host);
export const isUnspecified = (host: string): boolean => within(unspecified, host);
export const isUnusable = (host: string): boolean => within(unusable, host);
export const isAddress = (host: string): boolean => isIP(host) !== 0;

/** One spelling for each host, to compare by: `0:0::1` is `::1`, `M1.Example` is `m1.example`. */
export function canonicalHost(host: string): string {
  if (isIP(host) === 6) return new URL(`http://[${host}]/`).hostname.slice(1, -1);
  return host.toLowerCase();
}

/** The host as a URL has it: IPv6 in brackets. */
export const urlHost = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

/** `https://[::1]:2379` */
export const httpsUrl = (host: string, port: number): string => `https://${urlHost(host)}:${port}`;
