import test from 'ava';
import { learnerReadiness } from '../../../cluster/member/learner-readiness.js';
import { index, memberId } from '../../../cluster/numbers.js';
import type { FollowerProgress } from '../../../cluster/raft/types.js';

const [self, learner, stranger] = [memberId(1n), memberId(2n), memberId(3n)];

const seenWith = (match: number, role: 'leader' | 'follower' = 'leader') => {
  const progress = new Map([[learner, { match: index(match) } as FollowerProgress]]);
  return (id = learner) => learnerReadiness({ role, progress, lastIndex: index(1000) }, id, self);
};

test('a learner may vote once it has nine tenths of what the leader has', (t) => {
  t.is(seenWith(899)(), 'behind');
  t.is(seenWith(900)(), 'ready');
  t.is(seenWith(1000)(), 'ready');
});

test('only a leader can tell, and only of those it sends to', (t) => {
  t.is(seenWith(1000, 'follower')(), 'not-leader');
  t.is(seenWith(1000)(stranger), 'unknown');
  t.is(seenWith(1000)(self), 'ready');
});
