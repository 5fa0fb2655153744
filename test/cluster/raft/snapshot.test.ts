import test from 'ava';
import { index, memberId } from '../../../cluster/numbers.js';
import { SimulatedCluster } from './simulated-cluster.js';

const three = memberId(3n);
const bytes = (text: string) => new TextEncoder().encode(text);

/** Member 3 has missed what members 1 and 2 have compacted. */
function withLaggard() {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.isolate(3);
  cluster.member(1).raft.propose(['a', 'b', 'c'].map(bytes));
  cluster.stabilize();
  cluster.member(1).raft.reportUnreachable(three);
  for (const id of [1, 2]) cluster.member(id).compact(index(3));
  cluster.heal();
  const progress = () => cluster.member(1).raft.status().progress.get(three);
  return { cluster, progress, leader: cluster.member(1), laggard: cluster.member(3) };
}

test('a follower that needs what is compacted gets a snapshot, then the rest of the log', (t) => {
  const { cluster, progress, leader, laggard } = withLaggard();
  cluster.run(2);
  t.is(Number(laggard.log.mark().index), 3);
  t.is(Number(laggard.raft.status().applied), 4);
  t.deepEqual(
    laggard.state.map(({ data }) => new TextDecoder().decode(data)),
    ['', 'a', 'b', 'c'],
  );
  t.is(progress()?.state, 'replicate');
  leader.raft.propose([bytes('d')]);
  cluster.stabilize();
  t.is(laggard.state.length, 5);
});

test('nothing is sent while a snapshot is on its way, and one is enough', (t) => {
  const { cluster, progress, leader } = withLaggard();
  leader.raft.tick();
  const sent: string[] = [];
  const round = () => {
    cluster.settle();
    for (const packet of cluster.packets.splice(0)) {
      if (packet.message.to === three) sent.push(packet.message.kind);
      if (packet.message.kind !== 'snapshot') cluster.deliver(packet);
    }
  };
  for (let turn = 0; turn < 10; turn += 1) round();
  t.is(progress()?.state, 'snapshot');
  t.is(sent.filter((kind) => kind === 'snapshot').length, 1);
  sent.length = 0;
  leader.raft.propose([bytes('d')]);
  leader.raft.tick();
  for (let turn = 0; turn < 10; turn += 1) round();
  t.deepEqual(sent, ['heartbeat']);
  t.is(progress()?.state, 'snapshot');
});

test('a snapshot that failed is tried again after the next heartbeat round, not before', (t) => {
  const { cluster, progress, leader, laggard } = withLaggard();
  leader.raft.tick();
  while (progress()?.state !== 'snapshot') {
    cluster.settle();
    for (const packet of cluster.packets.splice(0)) cluster.deliver(packet);
    leader.settle();
  }
  cluster.packets = [];
  leader.raft.reportSnapshot(three, 'failed');
  t.like(progress(), { state: 'probe', match: index(1), next: index(2) });
  leader.settle();
  t.deepEqual(cluster.packets, []);
  cluster.run(2);
  t.is(laggard.state.length, 4);
});

test('a snapshot that arrived is followed up even when its acknowledgement is lost', (t) => {
  const { cluster, progress, leader, laggard } = withLaggard();
  leader.raft.tick();
  while (laggard.log.mark().index === 0) {
    cluster.settle();
    for (const packet of cluster.packets.splice(0)) cluster.deliver(packet);
    cluster.settle();
  }
  cluster.packets = [];
  leader.raft.reportSnapshot(three, 'sent');
  t.like(progress(), { state: 'probe', next: index(4) });
  cluster.run(2);
  t.is(progress()?.state, 'replicate');
  t.is(laggard.state.length, 4);
});

test('a snapshot of what a follower already has changes nothing but the commit index', (t) => {
  const cluster = new SimulatedCluster(3, {
    logs: [
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ],
  });
  const { raft, log } = cluster.member(3);
  const mark = { index: index(2), term: cluster.member(1).raft.status().term, membership: cluster.membership };
  const message = { kind: 'snapshot', from: memberId(1n), to: three, term: mark.term, mark } as const;
  raft.step(message);
  const ready = raft.takeReady();
  t.is(ready.snapshot, undefined);
  t.like(ready.afterDurable, [{ kind: 'append-reply', rejected: false, index: index(2) }]);
  t.is(Number(raft.status().commit), 2);
  t.is(Number(log.lastIndex()), 3);
});

test('a member that installs a snapshot takes no entries and does not campaign until it has it', (t) => {
  const { cluster, laggard, leader } = withLaggard();
  const mark = leader.log.mark();
  const header = { from: leader.id, to: three, term: leader.raft.status().term } as const;
  laggard.receive({ ...header, kind: 'snapshot', mark }, leader.state);
  const installing = laggard.take();
  t.is(installing.snapshot, mark);
  t.is(Number(installing.hardState?.commit), 3);
  t.like(installing.afterDurable, [{ kind: 'append-reply', index: index(3) }]);
  t.is(Number(laggard.raft.status().lastIndex), 3);

  const entries = leader.log.entries(index(4), index(5), 100) ?? [];
  const append = { kind: 'append', prevIndex: mark.index, prevTerm: mark.term, entries, commit: index(4) } as const;
  laggard.raft.step({ ...header, ...append });
  laggard.raft.campaign();
  t.false(laggard.raft.hasReady());
  laggard.finishWrite();
  laggard.raft.step({ ...header, ...append });
  laggard.settle();
  t.is(laggard.state.length, 4);
  t.is(cluster.member(3).raft.status().role, 'follower');
});

test('a snapshot says nothing about who leads: it may come late, from a past leader', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.member(1).raft.propose([bytes('a')]);
  cluster.stabilize();
  const mark = { index: index(2), term: cluster.member(1).raft.status().term, membership: cluster.membership };
  cluster.member(1).raft.transferLeadership(memberId(2n));
  cluster.stabilize();
  for (const member of [cluster.member(2), cluster.member(3)]) {
    const { term } = member.raft.status();
    member.receive({ kind: 'snapshot', from: memberId(1n), to: member.id, term, mark }, member.state);
    t.is(member.raft.status().leader, memberId(2n));
  }
  t.is(cluster.member(2).raft.status().role, 'leader');
});

test('a crash while a snapshot is installed leaves the old log and state', (t) => {
  const { laggard, leader, cluster } = withLaggard();
  const { term } = leader.raft.status();
  laggard.receive({ kind: 'snapshot', from: leader.id, to: three, term, mark: leader.log.mark() }, leader.state);
  laggard.take();
  laggard.crash();
  laggard.restart();
  t.is(Number(laggard.raft.status().lastIndex), 1);
  t.is(laggard.state.length, 1);
  cluster.run(3);
  t.is(laggard.state.length, 4);
});
