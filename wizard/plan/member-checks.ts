import { quoted } from '../shown.js';
import { canonicalHost, isAddress, isLoopback } from './address.js';
import { doubtful, type Finding, type PlanPath, pathText, refused } from './complaints.js';
import type { PlanParts } from './parts.js';
import { metricsPort } from './plan.js';

// What is wrong with the members taken together.

/** Names that differ in letter case only would share a file where file systems fold case. */
export function duplicateNames(
  items: PlanParts['members' | 'users' | 'roles' | 'profiles'],
  foldCase: boolean,
): Finding[] {
  const first = new Map<string, { readonly path: PlanPath; readonly name: string }>();
  return items.flatMap(({ path, value }) => {
    const name = foldCase ? value.name.toLowerCase() : value.name;
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, { path, name: value.name });
      return [];
    }
    const other = earlier.name === value.name ? '' : `, ${quoted(earlier.name)}: they differ in case alone`;
    const what = `${quoted(value.name)} is already the name of ${pathText(earlier.path)}${other}`;
    return [refused([...path, 'name'], { what })];
  });
}

interface Listener {
  readonly path: PlanPath;
  readonly host: string;
  readonly port: number;
  readonly what: string;
}

function listeners({ members, run }: PlanParts): Listener[] {
  return members.flatMap(({ path, value }) => {
    const host = canonicalHost(value.host);
    const own = [
      { path: [...path, 'clientPort'], host, port: value.clientPort, what: `the client port of ${value.name}` },
      { path: [...path, 'peerPort'], host, port: value.peerPort, what: `the peer port of ${value.name}` },
    ];
    if (run === undefined || run === 'local') return own;
    return [
      ...own,
      { path: [...path, 'clientPort'], host, port: metricsPort(value), what: `the metrics port of ${value.name}` },
    ];
  });
}

/** Ports are per host; on this machine a member with a name for its host listens on every address. */
export function clashingPorts(parts: PlanParts): Finding[] {
  const all = listeners(parts);
  const everywhere = (host: string): boolean => parts.run === 'local' && !isAddress(host) && host !== 'localhost';
  const sameHost = (a: string, b: string): boolean => a === b || everywhere(a) || everywhere(b);
  return all.flatMap((listener, index) => {
    const other = all
      .slice(0, index)
      .find((earlier) => earlier.port === listener.port && sameHost(earlier.host, listener.host));
    if (other === undefined) return [];
    const what = `${listener.port} on ${listener.host} is ${listener.what} and ${other.what}`;
    return [refused(listener.path, { what, hint: 'each needs a port of its own; metrics are at the client port + 2' })];
  });
}

export function sharedHosts({ members, run }: PlanParts): Finding[] {
  if (run === undefined || run === 'local') return [];
  return members.flatMap(({ path, value }, index) => {
    const other = members
      .slice(0, index)
      .find((earlier) => canonicalHost(earlier.value.host) === canonicalHost(value.host));
    if (other === undefined) return [];
    const what = `${value.host} is the host of ${other.value.name} too, and run: ${run} puts one member on a host`;
    return [refused([...path, 'host'], { what, hint: 'run: local runs several on one machine' })];
  });
}

/** Other hosts, and clients there, would dial themselves. */
export function loopbackHosts({ members, run }: PlanParts): Finding[] {
  const alone = members.length < 2;
  const allHere = run === 'local' && members.every(({ value }) => isLoopback(value.host));
  if (alone || allHere) return [];
  const hint = 'give it the address that the others reach it at';
  return members
    .filter(({ value }) => isLoopback(value.host))
    .map(({ path, value }) =>
      refused([...path, 'host'], {
        what: `${value.host} is reached from its own host only, and the other members are elsewhere`,
        hint,
      }),
    );
}

/** The highest metrics port must exist too. */
export function metricsPorts({ members, run }: PlanParts): Finding[] {
  if (run === undefined || run === 'local') return [];
  return members
    .filter(({ value }) => metricsPort(value) > 65_535)
    .map(({ path, value }) =>
      refused([...path, 'clientPort'], {
        what: `${value.clientPort} leaves no port for metrics at the client port + 2`,
      }),
    );
}

export function memberCount({ memberCount: count }: PlanParts): Finding[] {
  const survives = Math.floor((count - 1) / 2);
  if (count > 0 && count % 2 === 0) {
    const what = `${count} members survive the loss of ${survives}, as ${count - 1} do, and need one more for a majority`;
    return [doubtful(['members'], { what, hint: `take ${count - 1} or ${count + 1}` })];
  }
  if (count <= 7) return [];
  return [
    doubtful(['members'], {
      what: `${count} members: each write waits for ${survives + 1} of them`,
      hint: '3 or 5 are usual, 7 the most',
    }),
  ];
}
