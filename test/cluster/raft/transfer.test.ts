import test from 'ava';
import { memberId, noMember } from '../../../cluster/numbers.js';
import { SimulatedCluster } from './simulated-cluster.js';

const [two, three] = [memberId(2n), memberId(3n)];
const bytes = (text: string) => new TextEncoder().encode(text);
const leaderOf = (cluster: SimulatedCluster, asSeenBy: number) => cluster.member(asSeenBy).raft.status().leader;

test('leadership goes to a member that is caught up, though the others still hear the leader', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.member(1).raft.transferLeadership(two);
  cluster.stabilize();
  for (const id of [1, 2, 3]) t.is(leaderOf(cluster, id), two);
  t.is(Number(cluster.member(2).raft.status().term), 2);
});

test('a follower passes the wish on to its leader', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.member(3).raft.transferLeadership(two);
  cluster.stabilize();
  t.is(leaderOf(cluster, 1), two);
});

test('a member that lags is brought up to date first', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.isolate(3);
  cluster.member(1).raft.propose(['a', 'b'].map(bytes));
  cluster.stabilize();
  cluster.heal();
  const { raft } = cluster.member(1);
  raft.transferLeadership(three);
  t.is(raft.status().transferee, three);
  t.is(raft.propose([bytes('c')]), 'transferring');
  cluster.run(2);
  t.is(leaderOf(cluster, 1), three);
  t.is(cluster.member(3).state.length, 4);
});

test('a transfer to a member that does not answer is given up after an election timeout', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.isolate(3);
  const { raft } = cluster.member(1);
  raft.transferLeadership(three);
  cluster.run(9);
  t.is(raft.propose([bytes('a')]), 'transferring');
  cluster.run(1);
  t.is(raft.status().transferee, noMember);
  t.is(raft.status().role, 'leader');
  t.is(raft.propose([bytes('a')]), 'accepted');
});

test('leadership goes to no learner, no stranger and not to itself', (t) => {
  const cluster = new SimulatedCluster(2, { learners: 1 });
  cluster.elect(1);
  for (const id of [1n, 3n, 9n]) {
    cluster.member(1).raft.transferLeadership(memberId(id));
    cluster.stabilize();
    t.is(leaderOf(cluster, 1), memberId(1n));
    t.is(cluster.member(1).raft.status().transferee, noMember);
  }
});

test('a late call to take over, of a past leader, is ignored', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.member(1).raft.transferLeadership(two);
  cluster.settle();
  const late = cluster.packets.find(({ message }) => message.kind === 'timeout-now');
  cluster.stabilize();
  if (late === undefined) return t.fail('no timeout-now');
  cluster.deliver(late);
  cluster.stabilize();
  return t.is(Number(cluster.member(2).raft.status().term), 2);
});

test('only the leader may call a member to take over', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  const { raft } = cluster.member(2);
  raft.step({ kind: 'timeout-now', from: three, to: two, term: raft.status().term });
  t.is(raft.status().role, 'follower');
});
