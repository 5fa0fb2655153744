import type { RevocationCopy } from '../../certificates/revoking/copies.js';
import { hostRevocations } from '../../layout.js';
import type { Plan } from '../../plan/plan.js';

/** What was done with the list, and what is left to whoever runs members elsewhere. */
export function deliveryLines(
  { cluster }: Plan,
  listed: number | undefined,
  delivered: readonly RevocationCopy[],
): readonly string[] {
  const made =
    listed === undefined ? [] : [`the revocation list has ${listed === 1 ? '1 entry' : `${listed} entries`}`];
  if (delivered.length === 0) return made;
  if (cluster.run === 'local') return [...made, 'members that run here refuse them from now on'];
  const copies = delivered.map(({ member, path }) => `${path} -> ${member}:${hostRevocations(cluster.run)}`);
  return [...made, 'members refuse them as soon as the list is on their hosts:', ...copies.map((copy) => `  ${copy}`)];
}
