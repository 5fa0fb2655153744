import { type EtcdClient, idText, type LeaseInfo } from '#cluster';
import { covers } from '../access/intervals.js';
import { keyOf, type Rights } from '../access/rights.js';
import { keyWords } from '../access/words.js';
import { mapAtOnce } from '../at-once.js';

/** More are not looked at one by one. */
const leasesMax = 1_000;

/** What was found, and how many were not looked at. */
export interface FoundLeases {
  readonly leases: readonly LeaseInfo[];
  readonly unseen: number;
}

/** Leases with keys that somebody with these rights could have put there: a store does not record whose they are. */
export async function leasesWithin(client: EtcdClient, { write }: Rights, signal: AbortSignal): Promise<FoundLeases> {
  const ids = await client.leases({ signal });
  const looked = await mapAtOnce(ids.slice(0, leasesMax), (id) => client.lease(id, { signal }));
  const leases = looked
    .filter((lease) => lease !== undefined)
    .filter(({ keys }) => keys.some((key) => isWithin(key, write)));
  return { leases, unseen: Math.max(0, ids.length - leasesMax) };
}

function isWithin(key: Uint8Array, write: Rights['write']): boolean {
  const from = keyOf(key);
  return covers(write, [{ from, to: `${from}\0` }]);
}

/** As etcdctl writes it. */
export const leaseText = (id: LeaseInfo['id']): string => idText(id).padStart(16, '0');

const keysShown = 3;

/** `7587a1b2c3d4e5f6: 42 s, /app/one, /app/two and 3 more` */
export function leaseWords({ id, ttlSeconds, keys }: LeaseInfo): string {
  const more = keys.length > keysShown ? ` and ${keys.length - keysShown} more` : '';
  return `${leaseText(id)}: ${ttlSeconds} s, ${keys
    .slice(0, keysShown)
    .map((key) => keyWords(keyOf(key)))
    .join(', ')}${more}`;
}
