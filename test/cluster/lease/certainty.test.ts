import test from 'ava';
import { systemClock } from '../../../cluster/clock.js';
import type { ConsensusStatus } from '../../../cluster/consensus.js';
import { ClusterError } from '../../../cluster/errors.js';
import { Certainty } from '../../../cluster/lease/certainty.js';
import { clusterId, index, memberId, term } from '../../../cluster/numbers.js';

/** With a clock, a read index and a log that a test moves. */
function leader() {
  const world = { now: 0, roundMs: 0, isCutOff: false, committed: 7, applied: 7 };
  const status = (): ConsensusStatus => ({
    clusterId: clusterId(1n),
    memberId: memberId(1n),
    leader: memberId(1n),
    term: term(3),
    commitIndex: index(world.committed),
    appliedIndex: index(world.applied),
  });
  const linearize = async (): Promise<void> => {
    world.now += world.roundMs;
    if (world.isCutOff) throw new ClusterError('timeout', 'nobody has answered');
  };
  const clock = { ...systemClock, now: () => world.now };
  return { world, certainty: new Certainty({ consensus: { status, linearize }, clock, certainMs: 100 }) };
}

test('a read index is good for a while from when it was asked for, in its term', async (t) => {
  const { world, certainty } = leader();
  t.false(certainty.holds(term(3)));
  world.roundMs = 40;
  await certainty.renew(term(3));
  t.true(certainty.holds(term(3)));
  t.false(certainty.holds(term(4)));
  world.now = 99;
  t.true(certainty.holds(term(3)));
  world.now = 100;
  t.false(certainty.holds(term(3)));
});

test('one that took too long is good for nothing, and so is one that failed', async (t) => {
  const { world, certainty } = leader();
  world.roundMs = 100;
  await certainty.renew(term(3));
  t.false(certainty.holds(term(3)));
  world.isCutOff = true;
  world.roundMs = 0;
  await t.throwsAsync(certainty.renew(term(3)), { code: 'timeout' });
  t.false(certainty.holds(term(3)));
});

test('while something that is committed waits to be applied, nothing is certain: it may end the lease', async (t) => {
  const { world, certainty } = leader();
  await certainty.renew(term(3));
  world.committed = 8;
  t.false(certainty.holds(term(3)));
  world.applied = 8;
  t.true(certainty.holds(term(3)));
});
