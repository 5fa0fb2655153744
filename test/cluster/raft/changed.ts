import { memberId } from '../../../cluster/numbers.js';
import type { Entry, Membership } from '../../../cluster/raft/types.js';

/**
 * What an entry of kind `membership` makes of the membership, in the tests' language: `+4` adds voter 4, `~4` a learner,
 * `^4` promotes it, `-4` removes it. What makes no sense, or would leave no voter, changes nothing.
 */
export function changed(membership: Membership, { data }: Entry): Membership {
  const [verb = '', ...digits] = new TextDecoder().decode(data);
  const id = memberId(BigInt(digits.join('')));
  const { voters, learners } = membership;
  const isMember = voters.includes(id) || learners.includes(id);
  const without = { voters: voters.filter((one) => one !== id), learners: learners.filter((one) => one !== id) };
  if (verb === '+' && !isMember) return { ...membership, voters: [...voters, id] };
  if (verb === '~' && !isMember) return { ...membership, learners: [...learners, id] };
  if (verb === '^' && learners.includes(id)) return { ...membership, ...without, voters: [...voters, id] };
  if (verb === '-' && without.voters.length > 0) return { ...membership, ...without };
  return membership;
}
