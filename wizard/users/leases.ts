import { type EtcdClient, idText, type LeaseInfo } from '#cluster';
import { covers } from '../access/intervals.js';
import { keyOf, type Rights } from '../access/rights.js';
import { keyWords } from '../access/words.js';
import { mapAtOnce } from '../at-once.js';

/** More are not looked at one by one. */
const leasesMax = 1_000;

/**
 * Leases with keys that somebody with these rights could have put there: a store does not record whose they are. Without one of
 * root there are too many to tell.
 */
export async function leasesWithin(
  client: EtcdClient,
  { write }: Rights,
  signal: AbortSignal,
): Promise<readonly LeaseInfo[]> {
  const ids = (await client.leases({ signal })).slice(0, leasesMax);
  const leases = await mapAtOnce(ids, (id) => client.lease(id, { signal }));
  return leases.filter((lease) => lease !== undefined).filter(({ keys }) => keys.some((key) => isWithin(key, write)));
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
