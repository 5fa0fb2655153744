import test from 'ava';
import { index, memberId, noMember, term } from '../../../cluster/numbers.js';
import { Raft } from '../../../cluster/raft/raft.js';
import type { Membership } from '../../../cluster/raft/types.js';
import { MemoryLog } from './memory-log.js';
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

test('a leader that is removed hands over to one who stays, and does not campaign any more', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  const { raft } = cluster.member(1);
  t.is(raft.proposeMembership(bytes('-1')), 'accepted');
  cluster.run(3);
  t.is(raft.status().role, 'follower');
  t.is(cluster.member(2).raft.status().role, 'leader');
  cluster.isolate(1);
  cluster.run(50);
  t.is(raft.status().role, 'follower');
});

test('a removed leader that reaches nobody steps down', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.isolate(1);
  cluster.member(1).setMembership({ voters: ids(2, 3), outgoing: [], learners: [] });
  cluster.run(30);
  t.is(cluster.member(1).raft.status().role, 'follower');
});

test('of several changes at once each waits until the one before it is applied, whoever was asked', (t) => {
  const cluster = new SimulatedCluster(3, { strangers: 2 });
  cluster.elect(1);
  const leader = cluster.member(1);
  for (const change of ['+4', '+5', '-2']) t.is(leader.raft.proposeMembership(bytes(change)), 'accepted');
  t.is(cluster.member(3).raft.proposeMembership(bytes('-3')), 'forwarded');
  leader.settle();
  const changes = () => leader.log.all().filter(({ kind }) => kind === 'membership').length;
  t.is(changes(), 1);
  cluster.run(10);
  t.is(changes(), 4);
  t.deepEqual(leader.membership, { voters: ids(1, 4, 5), outgoing: [], learners: [] });
  for (const id of [4, 5]) t.deepEqual(cluster.member(id).state, leader.state);
});

test('a new leader changes nothing before an entry of its own term is applied', (t) => {
  const cluster = new SimulatedCluster(3, { strangers: 1 });
  const { raft, log } = cluster.member(1);
  raft.campaign();
  cluster.settle();
  while (raft.role !== 'leader') {
    for (const packet of cluster.packets.splice(0)) cluster.deliver(packet);
    cluster.settle();
  }
  t.is(raft.proposeMembership(bytes('+4')), 'accepted');
  cluster.settle();
  t.deepEqual(
    log.all().map(({ kind }) => kind),
    ['empty'],
  );
  cluster.stabilize();
  t.deepEqual(raft.membership.voters, ids(1, 2, 3, 4));
});

test('a member that knows of a committed change which it has not applied does not campaign', (t) => {
  const cluster = new SimulatedCluster(3, { strangers: 1, unappliedBytesMax: 1 });
  cluster.elect(1);
  cluster.member(1).raft.proposeMembership(bytes('+4'));
  cluster.run(2);
  const { raft } = cluster.member(2);
  const asRestarted = (applied: number) => {
    const { log } = cluster.member(2);
    const hardState = { term: raft.term, vote: noMember, commit: raft.commit };
    const membership: Membership = { voters: ids(1, 2, 3), outgoing: [], learners: [] };
    const options = { electionTicks: 10, heartbeatTicks: 1, random: () => 0, appendBytesMax: 1024, inFlightMax: 4 };
    return new Raft({ ...options, id: raft.id, log, hardState, membership, applied: index(applied) });
  };
  const early = asRestarted(0);
  early.campaign();
  t.is(early.role, 'follower');
  const ready = early.takeReady();
  early.applied(ready.committed.at(-1)?.index ?? index(0));
  early.campaign();
  t.is(early.role, 'pre-candidate');
});

test('a later change in the log proves the one before it committed, where the commit index was lost', (t) => {
  const membership: Membership = { voters: ids(1, 2, 3), outgoing: [], learners: [] };
  const log = new MemoryLog({ index: index(0), term: term(0), membership });
  const entry = (at: number, kind: 'command' | 'membership') =>
    ({ index: index(at), term: term(1), kind, data: bytes('+4') }) as const;
  log.append([entry(1, 'membership'), entry(2, 'command'), entry(3, 'membership'), entry(4, 'command')]);
  const hardState = { term: term(1), vote: noMember, commit: index(0) };
  const options = { electionTicks: 10, heartbeatTicks: 1, random: () => 0, appendBytesMax: 1024, inFlightMax: 4 };
  const raft = new Raft({ ...options, id: memberId(1n), log, hardState, membership, applied: index(0) });
  t.is(Number(raft.commit), 1);
  raft.campaign();
  t.is(raft.role, 'follower');
});

test('who has joined takes a snapshot first, also where the whole log is there', (t) => {
  const cluster = new SimulatedCluster(1, { strangers: 1 });
  cluster.elect(1);
  const { raft } = cluster.member(1);
  raft.propose([bytes('a')]);
  raft.proposeMembership(bytes('~2'));
  cluster.run(5);
  const joined = cluster.member(2);
  t.is(joined.state.length, 3);
  t.true(joined.log.mark().index > 0);
  t.deepEqual(joined.raft.membership.learners, ids(2));
});
