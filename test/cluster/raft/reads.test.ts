import test from 'ava';
import { index, memberId } from '../../../cluster/numbers.js';
import { SimulatedCluster } from './simulated-cluster.js';
import type { SimulatedMember } from './simulated-member.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const grants = (member: SimulatedMember) => member.takeReads().map(({ context, index }) => [context, Number(index)]);

function led(voters = 3) {
  const cluster = new SimulatedCluster(voters);
  cluster.elect(1);
  return { cluster, leader: cluster.member(1), follower: cluster.member(Math.min(2, voters)) };
}

test('a read on the leader is granted at the commit index once a quorum confirms that it leads', (t) => {
  const { cluster, leader } = led();
  leader.raft.readIndex(7);
  leader.settle();
  t.deepEqual(grants(leader), []);
  cluster.stabilize();
  t.deepEqual(grants(leader), [[7, 1]]);
});

test('a read on a follower is granted by its leader', (t) => {
  const { cluster, follower } = led();
  cluster.member(1).raft.propose([bytes('a')]);
  cluster.stabilize();
  follower.raft.readIndex(7);
  cluster.stabilize();
  t.deepEqual(grants(follower), [[7, 2]]);
  t.deepEqual(grants(cluster.member(1)), []);
});

test('a member alone grants at once', (t) => {
  const { leader } = led(1);
  leader.raft.readIndex(7);
  t.deepEqual(leader.raft.takeReady().reads, [{ context: 7, index: index(1) }]);
});

test('reads asked in one turn share a round of heartbeats', (t) => {
  const { cluster, leader } = led();
  for (const context of [1, 2, 3]) leader.raft.readIndex(context);
  leader.settle();
  t.is(cluster.packets.length, 2);
  cluster.stabilize();
  t.deepEqual(grants(leader), [
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
});

test('a round confirms the rounds before it, but not those after', (t) => {
  const { cluster, leader } = led();
  leader.raft.readIndex(1);
  leader.settle();
  const first = cluster.packets.splice(0);
  leader.raft.readIndex(2);
  leader.settle();
  const second = cluster.packets.splice(0);
  leader.raft.readIndex(3);
  leader.settle();
  cluster.packets = second;
  cluster.stabilize();
  t.deepEqual(grants(leader), [
    [1, 1],
    [2, 1],
  ]);
  cluster.packets = first;
  cluster.stabilize();
  t.deepEqual(grants(leader), [], 'an old round says nothing about a later read');
});

test('a lost round is repeated with the next heartbeat', (t) => {
  const { cluster, leader } = led();
  leader.raft.readIndex(1);
  leader.settle();
  cluster.packets = [];
  leader.raft.tick();
  cluster.stabilize();
  t.deepEqual(grants(leader), [[1, 1]]);
});

test('a leader grants no read before it has committed an entry of its term', (t) => {
  const cluster = new SimulatedCluster(3, { logs: [[1], [1], [1]] });
  const leader = cluster.member(1);
  leader.raft.campaign();
  while (leader.raft.status().role !== 'leader') {
    cluster.settle();
    for (const packet of cluster.packets.splice(0)) cluster.deliver(packet);
  }
  leader.raft.readIndex(7);
  leader.settle();
  leader.raft.tick();
  while (cluster.packets.length > 0) {
    for (const packet of cluster.packets.splice(0)) if (packet.message.kind !== 'append') cluster.deliver(packet);
    cluster.settle();
  }
  t.deepEqual(grants(leader), [], 'heartbeats are answered, but it does not know yet what is committed');
  leader.raft.tick();
  cluster.stabilize();
  t.deepEqual(grants(leader), [[7, 2]]);
});

test('a leader cut off from the others grants nothing, and gives its reads up as it steps down', (t) => {
  const { cluster, leader } = led();
  cluster.isolate(1);
  leader.raft.readIndex(7);
  cluster.run(5);
  t.deepEqual(leader.takeReadsLost(), []);
  cluster.run(20);
  t.deepEqual(grants(leader), []);
  t.deepEqual(leader.takeReadsLost(), [7]);
});

test('a read without a leader is lost at once', (t) => {
  const { raft } = new SimulatedCluster(3).member(1);
  raft.readIndex(7);
  t.deepEqual(raft.takeReady().readsLost, [7]);
  raft.campaign();
  raft.readIndex(8);
  t.deepEqual(raft.takeReady().readsLost, [8]);
});

test('reads that a follower has forwarded are lost with a change of the leader', (t) => {
  const { cluster, follower } = led();
  follower.raft.readIndex(7);
  follower.settle();
  cluster.packets = [];
  cluster.member(1).raft.transferLeadership(memberId(3n));
  cluster.stabilize();
  t.is(follower.raft.status().leader, memberId(3n));
  t.deepEqual(follower.takeReadsLost(), [7]);
});

test('a forwarded read that is lost on the way comes back after an election timeout', (t) => {
  const { cluster, follower } = led();
  follower.raft.readIndex(7);
  follower.settle();
  cluster.packets = [];
  cluster.run(9);
  t.deepEqual(follower.takeReadsLost(), []);
  cluster.run(1);
  t.deepEqual(follower.takeReadsLost(), [7]);
});

test('a reply to what a follower asked before its restart grants nothing that it asks after', (t) => {
  let draws = 0;
  const cluster = new SimulatedCluster(3, { random: () => (draws++ % 100) / 100 });
  cluster.elect(1);
  const [leader, follower] = [cluster.member(1), cluster.member(2)];
  follower.raft.readIndex(1);
  const replies = () => cluster.packets.filter(({ message }) => message.kind === 'read-index-reply');
  while (replies().length === 0) {
    cluster.settle();
    for (const packet of cluster.packets.splice(0)) cluster.deliver(packet);
    leader.settle();
  }
  const [late] = replies();
  follower.crash();
  follower.restart();
  leader.raft.tick();
  cluster.stabilize();
  follower.raft.readIndex(1);
  follower.settle();
  if (late !== undefined) cluster.deliver(late);
  follower.settle();
  t.deepEqual(grants(follower), []);
  cluster.stabilize();
  t.deepEqual(grants(follower), [[1, 1]]);
});
