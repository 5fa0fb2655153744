import test from 'ava';
import { memberId } from '../../../cluster/numbers.js';
import type { Membership } from '../../../cluster/raft/types.js';
import { SimulatedCluster } from './simulated-cluster.js';

const ids = (...numbers: number[]) => numbers.map((id) => memberId(BigInt(id)));
const bytes = (text: string) => new TextEncoder().encode(text);
const joint: Membership = { voters: ids(1, 2, 3), outgoing: ids(1, 4, 5), learners: [] };

function withMembership(membership: Membership, leader?: number) {
  const cluster = new SimulatedCluster(5);
  if (leader !== undefined) cluster.elect(leader);
  for (const member of cluster.members.values()) member.setMembership(membership);
  return cluster;
}

test('while a joint change is under way an entry needs a majority of both halves', (t) => {
  const cluster = withMembership(joint, 1);
  for (const id of [4, 5]) cluster.isolate(id);
  const { raft } = cluster.member(1);
  raft.propose([bytes('a')]);
  cluster.stabilize();
  t.is(Number(raft.status().commit), 1);
  cluster.heal();
  cluster.isolate(5);
  cluster.run(2);
  t.is(Number(raft.status().commit), 2);
});

test('while a joint change is under way an election needs a majority of both halves', (t) => {
  const cluster = withMembership(joint);
  for (const id of [4, 5]) cluster.isolate(id);
  cluster.elect(1);
  t.is(cluster.member(1).raft.status().role, 'pre-candidate');
  cluster.heal();
  cluster.isolate(5);
  cluster.elect(1);
  t.is(cluster.member(1).raft.status().role, 'leader');
});

test('a read needs a majority of both halves too, and so does staying the leader', (t) => {
  const cluster = withMembership(joint, 1);
  for (const id of [4, 5]) cluster.isolate(id);
  const leader = cluster.member(1);
  leader.raft.readIndex(7);
  cluster.run(2);
  t.deepEqual(leader.takeReads(), []);
  cluster.run(20);
  t.not(leader.raft.status().role, 'leader');
});

test('a new member is brought up to date from the leader, and a removed one is left alone', (t) => {
  const cluster = new SimulatedCluster(3);
  const two: Membership = { voters: ids(1, 2), outgoing: [], learners: [] };
  for (const member of cluster.members.values()) member.setMembership(two);
  cluster.elect(1);
  t.is(Number(cluster.member(3).log.lastIndex()), 0);
  for (const member of cluster.members.values()) member.setMembership({ ...two, learners: ids(3) });
  cluster.run(2);
  t.is(cluster.member(3).state.length, 1);
  for (const member of cluster.members.values()) member.setMembership(two);
  cluster.member(1).raft.propose([bytes('a')]);
  cluster.run(2);
  t.is(cluster.member(3).state.length, 1);
  t.deepEqual([...cluster.member(1).raft.status().progress.keys()], ids(2));
});

test('an entry that lacked one voter is committed when that voter leaves', (t) => {
  const cluster = new SimulatedCluster(2);
  cluster.elect(1);
  cluster.isolate(2);
  const leader = cluster.member(1);
  leader.raft.propose([bytes('a')]);
  cluster.stabilize();
  t.is(Number(leader.raft.status().commit), 1);
  leader.setMembership({ voters: ids(1), outgoing: [], learners: [] });
  cluster.stabilize();
  t.is(leader.state.length, 2);
});

test('a leader that is no voter any more steps down and does not campaign', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  const { raft } = cluster.member(1);
  cluster.isolate(1);
  cluster.member(1).setMembership({ voters: ids(2, 3), outgoing: [], learners: [] });
  t.is(raft.status().role, 'follower');
  cluster.run(50);
  t.is(raft.status().role, 'follower');
});
