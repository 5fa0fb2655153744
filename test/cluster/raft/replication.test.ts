import test from 'ava';
import { index, memberId, term } from '../../../cluster/numbers.js';
import type { Message } from '../../../cluster/raft/types.js';
import { SimulatedCluster } from './simulated-cluster.js';
import type { SimulatedMember } from './simulated-member.js';

const [one, two, three] = [memberId(1n), memberId(2n), memberId(3n)];
const bytes = (text: string) => new TextEncoder().encode(text);
const terms = ({ log }: SimulatedMember) => log.all().map((entry) => Number(entry.term));
const noHints = { hintIndex: index(0), hintTerm: term(0) };
type Append = Extract<Message, { kind: 'append' }>;
const isAppend = (message: Message): message is Append => message.kind === 'append';
const appendsTo = (cluster: SimulatedCluster, to: bigint) =>
  cluster.packets.map(({ message }) => message).filter((message) => isAppend(message) && message.to === to) as Append[];
const acknowledge = (from: typeof two, at: number, last: number): Message => ({
  ...noHints,
  kind: 'append-reply',
  from,
  to: one,
  term: term(at),
  rejected: false,
  index: index(last),
});

/** Raft figure 7: the leader's log, and the ways in which a follower's may differ. */
const figure7 = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
const followers = {
  'lacks an entry': [1, 1, 1, 4, 4, 5, 5, 6, 6],
  'lacks most': [1, 1, 1, 4],
  'has one more of the same term': [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
  'has two more of a later term': [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
  'has others instead': [1, 1, 1, 4, 4, 4, 4],
  'has many of dead terms instead': [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  'has nothing': [],
};

for (const [difference, log] of Object.entries(followers)) {
  test(`a follower that ${difference} comes to the leader's log`, (t) => {
    const cluster = new SimulatedCluster(3, { logs: [[...figure7, 7], figure7, log] });
    cluster.elect(1);
    cluster.run(3);
    const wanted = [...figure7, 7, 8];
    for (const member of cluster.members.values()) {
      t.deepEqual(terms(member), wanted);
      t.is(member.state.length, wanted.length);
    }
  });
}

test('backing off skips whole terms: a probe for each, not for each entry', (t) => {
  const long = (at: number) => Array.from({ length: 100 }, () => at);
  const cluster = new SimulatedCluster(3, {
    logs: [
      [1, ...long(4)],
      [1, ...long(4)],
      [1, ...long(2), ...long(3)],
    ],
  });
  cluster.isolate(3);
  cluster.elect(1);
  cluster.heal();
  cluster.tick([1]);
  let probes = 0;
  while (cluster.settle() ?? cluster.packets.length > 0) {
    probes += appendsTo(cluster, three).length;
    for (const packet of cluster.packets.splice(0)) cluster.deliver(packet);
  }
  t.is(cluster.member(3).log.lastIndex(), cluster.member(1).log.lastIndex());
  t.true(probes <= 5, `${probes} appends`);
});

test('an entry of an older term is committed only with one of the present term (Raft figure 8)', (t) => {
  const cluster = new SimulatedCluster(5, { logs: [[1, 2], [1, 2], [1], [1], [1, 3]] });
  cluster.isolate(5);
  cluster.member(1).raft.campaign();
  const { raft } = cluster.member(1);
  while (raft.status().role !== 'leader') {
    cluster.settle();
    for (const packet of cluster.packets.splice(0)) cluster.deliver(packet);
  }
  const at = raft.status().term;
  cluster.member(1).settle();
  raft.step(acknowledge(two, at, 2));
  raft.step(acknowledge(three, at, 2));
  t.is(Number(raft.status().commit), 0, 'a majority has entry 2, but of term 2');
  raft.step(acknowledge(two, at, 3));
  t.is(Number(raft.status().commit), 0);
  raft.step(acknowledge(three, at, 3));
  t.is(Number(raft.status().commit), 3);
});

test('proposals of one turn share their append, and no more are in flight than the window holds', (t) => {
  const cluster = new SimulatedCluster(3, { inFlightMax: 2 });
  cluster.elect(1);
  const leader = cluster.member(1);
  for (const value of ['a', 'b', 'c']) t.is(leader.raft.propose([bytes(value), bytes(value)]), 'accepted');
  leader.settle();
  t.deepEqual(
    appendsTo(cluster, two).map(({ entries }) => entries.length),
    [6],
  );
  for (const value of ['d', 'e', 'f']) {
    leader.raft.propose([bytes(value)]);
    leader.settle();
  }
  t.deepEqual(
    appendsTo(cluster, two).map(({ entries }) => entries.length),
    [6, 1],
  );
  t.is(leader.raft.status().progress.get(two)?.inFlight, 2);
  cluster.packets = [];
  leader.raft.step(acknowledge(two, 1, 7));
  leader.settle();
  t.deepEqual(
    appendsTo(cluster, two).map(({ entries }) => entries.length),
    [2],
    'what waited goes out in one append',
  );
});

test('an append holds no more than its bytes, but always one entry', (t) => {
  const cluster = new SimulatedCluster(2, { appendBytesMax: 10, inFlightMax: 100 });
  cluster.elect(1);
  cluster.member(1).raft.propose(['1234', '1234', '1234', 'much more than ten', '1'].map(bytes));
  cluster.member(1).settle();
  t.deepEqual(
    appendsTo(cluster, two).map(({ entries }) => entries.length),
    [2, 1, 1, 1],
  );
  cluster.stabilize();
  t.is(cluster.member(2).state.length, 6);
});

test('a follower is probed with one append at a time until it agrees', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.cut(1, 3);
  cluster.elect(1);
  const leader = cluster.member(1);
  const progress = () => leader.raft.status().progress.get(three);
  t.is(progress()?.state, 'probe');
  cluster.heal();
  leader.raft.propose([bytes('a')]);
  leader.settle();
  t.is(appendsTo(cluster, three).length, 0, 'the first probe is unanswered');
  leader.raft.tick();
  cluster.stabilize();
  t.is(progress()?.state, 'replicate');
  t.is(cluster.member(3).state.length, 2);
});

test('a lost connection turns replicating back into probing from what is known to match', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  const leader = cluster.member(1);
  cluster.cut(1, 3);
  leader.raft.propose([bytes('a')]);
  cluster.stabilize();
  t.like(leader.raft.status().progress.get(three), { state: 'replicate', match: index(1), next: index(3) });
  leader.raft.reportUnreachable(three);
  t.like(leader.raft.status().progress.get(three), { state: 'probe', match: index(1), next: index(2), inFlight: 0 });
  cluster.heal();
  cluster.run(2);
  t.like(leader.raft.status().progress.get(three), { state: 'replicate', match: index(2), inFlight: 0 });
});

test('a lost append is found out with the next heartbeat, without any report', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.cut(1, 3);
  cluster.member(1).raft.propose([bytes('a')]);
  cluster.stabilize();
  cluster.heal();
  t.is(cluster.member(3).state.length, 1);
  cluster.run(2);
  t.is(cluster.member(3).state.length, 2);
});

test('followers learn of a commit at once, not with the next heartbeat', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.member(1).raft.propose([bytes('a')]);
  cluster.stabilize();
  for (const member of cluster.members.values()) t.is(Number(member.raft.status().commit), 2);
});

test('a late, shorter append does not cut off what came after it', (t) => {
  const cluster = new SimulatedCluster(2);
  cluster.elect(1);
  const leader = cluster.member(1);
  leader.raft.propose([bytes('a')]);
  leader.settle();
  const [first] = appendsTo(cluster, two);
  leader.raft.propose([bytes('b')]);
  cluster.stabilize();
  const follower = cluster.member(2);
  t.is(Number(follower.log.lastIndex()), 3);
  if (first === undefined) return t.fail('no append');
  follower.raft.step({ ...first, commit: index(0) });
  follower.settle();
  t.is(Number(follower.log.lastIndex()), 3);
  return t.is(Number(follower.raft.status().commit), 3);
});

test('an append behind the commit index is answered with the commit index, even where it is compacted', (t) => {
  const cluster = new SimulatedCluster(2);
  cluster.elect(1);
  cluster.member(1).raft.propose(['a', 'b'].map(bytes));
  cluster.settle();
  const [late] = appendsTo(cluster, two);
  cluster.stabilize();
  const follower = cluster.member(2);
  follower.compact(index(3));
  if (late === undefined) return t.fail('no append');
  follower.raft.step({ ...late, prevIndex: index(1), prevTerm: term(1) });
  return t.like(follower.raft.takeReady().afterDurable, [{ kind: 'append-reply', rejected: false, index: index(3) }]);
});

test('a follower acknowledges, and applies, only what is durable', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.isolate(3);
  const [leader, follower] = [cluster.member(1), cluster.member(2)];
  leader.raft.propose([bytes('a')]);
  leader.settle();
  for (const message of appendsTo(cluster, two)) follower.raft.step({ ...message, commit: index(2) });
  const ready = follower.raft.takeReady();
  follower.log.append(ready.entries);
  t.is(ready.entries.length, 1);
  t.deepEqual(ready.messages, []);
  t.like(ready.afterDurable, [{ kind: 'append-reply', index: index(2) }]);
  t.is(Number(follower.raft.status().commit), 2);
  t.is(ready.committed.length, 0);
  follower.raft.durable(index(2), term(1));
  t.deepEqual(
    follower.raft.takeReady().committed.map((entry) => Number(entry.index)),
    [2],
  );
});

test('a leader counts its own log only as far as it is durable', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  const leader = cluster.member(1);
  leader.raft.propose([bytes('a')]);
  leader.take();
  leader.raft.step(acknowledge(two, 1, 2));
  t.is(Number(leader.raft.status().commit), 1);
  leader.finishWrite();
  t.is(Number(leader.raft.status().commit), 2);
});

test('a majority of followers commits while the leader still writes, and it applies later', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  const leader = cluster.member(1);
  leader.raft.propose([bytes('a')]);
  leader.take();
  leader.raft.step(acknowledge(two, 1, 2));
  leader.raft.step(acknowledge(three, 1, 2));
  t.is(Number(leader.raft.status().commit), 2);
  t.is(leader.take().committed.length, 0);
  leader.finishWrite();
  t.is(leader.take().committed.length, 1);
});

test('a write that was overwritten before it became durable counts for nothing', (t) => {
  const cluster = new SimulatedCluster(3, { logs: [[1], [1], [1]] });
  const follower = cluster.member(3);
  const data = bytes('x');
  const append = (from: typeof one, at: number, commit: number, entries: number[]): void =>
    follower.raft.step({
      kind: 'append',
      from,
      to: three,
      term: term(at),
      prevIndex: index(1),
      prevTerm: term(1),
      commit: index(commit),
      entries: entries.map((of, after) => ({ index: index(after + 2), term: term(of), kind: 'command', data })),
    });
  append(one, 2, 1, [2, 2]);
  follower.take();
  append(two, 3, 3, [3, 3]);
  const handedOut = () => follower.raft.takeReady().committed.map((entry) => Number(entry.index));
  follower.take();
  follower.raft.durable(index(3), term(2));
  t.deepEqual(handedOut(), [], 'entry 3 of term 2 is durable, that of term 3 is committed');
  follower.raft.durable(index(3), term(3));
  t.deepEqual(handedOut(), [2, 3]);
});

test('what is handed out and not yet applied is bounded, and comes in order', (t) => {
  const cluster = new SimulatedCluster(1, { unappliedBytesMax: 10 });
  cluster.elect(1);
  const { raft, log } = cluster.member(1);
  raft.propose(['1234', '1234', '1234', 'much more than ten', '1'].map(bytes));
  log.append(raft.takeReady().entries);
  raft.durable(index(6), term(1));
  const handedOut = () => raft.takeReady().committed.map((entry) => Number(entry.index));
  t.deepEqual(handedOut(), [2, 3]);
  t.deepEqual(handedOut(), [4], 'two bytes are left, and one entry is always handed out');
  t.deepEqual(handedOut(), []);
  t.false(raft.hasReady());
  raft.applied(index(3));
  t.deepEqual(handedOut(), [5]);
  t.deepEqual(handedOut(), []);
  raft.applied(index(5));
  t.deepEqual(handedOut(), [6]);
});

test('a proposal goes to the leader, or comes back with the reason', (t) => {
  const cluster = new SimulatedCluster(3, { uncommittedBytesMax: 10 });
  t.is(cluster.member(2).raft.propose([bytes('a')]), 'no-leader');
  cluster.elect(1);
  t.is(cluster.member(2).raft.propose([bytes('a'), bytes('b')]), 'forwarded');
  cluster.stabilize();
  for (const { state } of cluster.members.values()) {
    t.deepEqual(
      state.map(({ data }) => new TextDecoder().decode(data)),
      ['', 'a', 'b'],
    );
  }
  const { raft } = cluster.member(1);
  t.is(raft.propose([bytes('the first batch may be too large')]), 'accepted');
  t.is(raft.propose([bytes('c')]), 'full');
  cluster.stabilize();
  t.is(raft.propose([bytes('c')]), 'accepted', 'what is committed makes room');
});

test('a change of the membership reaches the leader from any member and stays what it is in the log', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  t.is(cluster.member(2).raft.proposeMembership(bytes('~7')), 'forwarded');
  t.is(cluster.member(1).raft.proposeMembership(bytes('~8')), 'accepted');
  cluster.stabilize();
  const changes = cluster.member(3).state.filter(({ kind }) => kind === 'membership');
  t.deepEqual(
    changes.map(({ data }) => new TextDecoder().decode(data)),
    ['~8', '~7'],
  );
});
