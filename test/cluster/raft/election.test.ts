import test from 'ava';
import { index, memberId, noMember, term } from '../../../cluster/numbers.js';
import { SimulatedCluster } from './simulated-cluster.js';

const one = memberId(1n);
const [two, three] = [memberId(2n), memberId(3n)];
/** As up to date as any log in these tests. */
const longLog = { lastIndex: index(9), lastTerm: term(9) };
const roles = (cluster: SimulatedCluster) => [...cluster.members.values()].map(({ raft }) => raft.status().role);
const terms = (cluster: SimulatedCluster) =>
  [...cluster.members.values()].map(({ raft }) => Number(raft.status().term));

const electsOne = test.macro({
  title: (_, size: number) => `a cluster of ${size} elects the member whose timeout comes first`,
  exec(t, size: number) {
    const cluster = new SimulatedCluster(size);
    cluster.tick([size], 10);
    cluster.stabilize();
    for (const { id, raft } of cluster.members.values()) {
      const { role, leader, term } = raft.status();
      t.is(role, Number(id) === size ? 'leader' : 'follower');
      t.is(leader, memberId(BigInt(size)));
      t.is(Number(term), 1);
    }
  },
});
for (const size of [1, 2, 3, 5]) test(electsOne, size);

test('an empty entry of the new term is committed and applied everywhere', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  for (const { state } of cluster.members.values()) {
    t.deepEqual(
      state.map(({ index, term, kind }) => [Number(index), Number(term), kind]),
      [[1, 1, 'empty']],
    );
  }
});

test('timeouts are drawn from one to just under two election timeouts', (t) => {
  for (const [random, ticks] of [
    [0, 10],
    [0.5, 15],
    [0.999, 19],
  ] as const) {
    const { raft } = new SimulatedCluster(3, { random: () => random }).member(1);
    for (let tick = 1; tick < ticks; tick += 1) raft.tick();
    t.is(raft.status().role, 'follower', `after ${ticks - 1} ticks of ${random}`);
    raft.tick();
    t.is(raft.status().role, 'pre-candidate', `after ${ticks} ticks of ${random}`);
  }
});

test('a split vote elects nobody, and the next timeout decides', (t) => {
  const cluster = new SimulatedCluster(4);
  cluster.tick([1, 2], 10);
  cluster.settle();
  // All grant both pre-votes; then members 3 and 4 hear a different candidate first.
  const isPreVote = () => cluster.packets.some(({ message }) => message.kind.startsWith('pre-vote'));
  while (isPreVote()) {
    for (const packet of cluster.packets.splice(0)) cluster.deliver(packet);
    cluster.settle();
  }
  t.deepEqual(roles(cluster).slice(0, 2), ['candidate', 'candidate']);
  cluster.packets.sort((a, b) => preference(a.message) - preference(b.message));
  cluster.stabilize();
  t.false(roles(cluster).includes('leader'));
  t.deepEqual(terms(cluster), [1, 1, 1, 1]);

  cluster.tick([2], 10);
  cluster.stabilize();
  t.is(roles(cluster)[1], 'leader');
  t.deepEqual(terms(cluster), [2, 2, 2, 2]);
});
const preference = ({ from, to }: { from: bigint; to: bigint }) => ((from + to) % 2n === 0n ? 0 : 1);

test('only a member whose log is up to date is elected', (t) => {
  const cluster = new SimulatedCluster(3, { logs: [[1], [1, 1], [1, 1]] });
  cluster.elect(1);
  t.deepEqual(roles(cluster), ['follower', 'follower', 'follower']);
  t.deepEqual(terms(cluster), [1, 1, 1], 'the pre-vote left the term alone');
  cluster.elect(2);
  t.is(roles(cluster)[1], 'leader');
  t.is(Number(cluster.member(1).log.lastIndex()), 3);
});

test('a partitioned member comes back without disturbing a healthy leader', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  cluster.isolate(3);
  cluster.run(50);
  t.is(roles(cluster)[2], 'pre-candidate');
  t.deepEqual(terms(cluster), [1, 1, 1]);
  cluster.heal();
  cluster.tick([3], 10);
  cluster.stabilize();
  cluster.run(5);
  t.deepEqual(roles(cluster), ['leader', 'follower', 'follower']);
  t.deepEqual(terms(cluster), [1, 1, 1]);
});

test('a member that hears its leader ignores whoever else campaigns, unless it is a transfer', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  const { raft } = cluster.member(2);
  const request = { ...longLog, from: three, to: two, term: term(5) };
  for (const kind of ['vote', 'pre-vote'] as const) {
    raft.step({ ...request, kind, transfer: false });
    t.false(raft.hasReady(), `a ${kind} got an answer`);
  }
  raft.step({ ...request, kind: 'vote', transfer: true });
  t.is(Number(raft.status().term), 5);
  t.is(raft.takeReady().hardState?.vote, three);
});

test('a leader that no quorum answers steps down', (t) => {
  const cluster = new SimulatedCluster(5);
  cluster.elect(1);
  for (const id of [3, 4, 5]) cluster.cut(1, id);
  cluster.run(9);
  t.is(roles(cluster)[0], 'leader', 'too early');
  // The others are kept from electing a leader that would depose it.
  for (const id of [3, 4, 5]) cluster.isolate(id);
  cluster.run(21);
  t.not(roles(cluster)[0], 'leader');
  t.is(cluster.member(1).raft.status().leader, noMember);
});

test('a leader that a quorum answers stays', (t) => {
  const cluster = new SimulatedCluster(5);
  cluster.elect(1);
  for (const id of [4, 5]) cluster.isolate(id);
  cluster.run(50);
  t.is(roles(cluster)[0], 'leader');
});

test('a member with a higher term brings the leader to it and is taken back', (t) => {
  const cluster = new SimulatedCluster(3, {
    logs: [
      [1, 1],
      [1, 1],
      [1, 5],
    ],
  });
  cluster.isolate(3);
  cluster.elect(1);
  t.deepEqual(terms(cluster), [2, 2, 5]);
  cluster.heal();
  cluster.run(30);
  t.is(new Set(terms(cluster)).size, 1);
  t.true((terms(cluster)[0] ?? 0) > 5);
  t.is(roles(cluster).filter((role) => role === 'leader').length, 1);
  t.is(cluster.member(3).log.lastIndex(), cluster.member(1).log.lastIndex());
});

test('a pre-candidate of an older term learns the present one from the refusal', (t) => {
  const cluster = new SimulatedCluster(3, { logs: [[1], [3], [3]] });
  cluster.elect(1);
  t.is(Number(cluster.member(1).raft.status().term), 3);
  t.is(roles(cluster)[0], 'follower');
});

test('a pre-vote for the term that a member is in already is refused with that term', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  const { raft } = cluster.member(2);
  cluster.tick([2], 9);
  raft.step({ ...longLog, kind: 'pre-vote', from: three, to: two, term: term(1), transfer: false });
  t.like(raft.takeReady().messages, [{ kind: 'pre-vote-reply', rejected: true, term: term(1) }]);
});

test('votes, asked and given, leave only when they are durable', (t) => {
  const cluster = new SimulatedCluster(3);
  const [candidate, voter] = [cluster.member(1), cluster.member(2)];
  candidate.raft.campaign();
  candidate.settle();
  cluster.packets = [];
  const nothing = { commit: index(0), commitTerm: term(0) };
  candidate.raft.step({ kind: 'pre-vote-reply', from: two, to: one, term: term(1), rejected: false, ...nothing });
  const asking = candidate.raft.takeReady();
  t.deepEqual(
    asking.afterDurable.map(({ kind }) => kind),
    ['vote', 'vote'],
  );
  t.is(asking.messages.length, 0);
  t.is(asking.hardState?.vote, one);

  for (const message of asking.afterDurable) voter.raft.step(message);
  const giving = voter.raft.takeReady();
  t.deepEqual(
    giving.afterDurable.map(({ kind }) => kind),
    ['vote-reply'],
  );
  t.is(giving.messages.length, 0);
  t.is(giving.hardState?.vote, one);
});

test('a vote outlives a crash: nobody else gets it in that term', (t) => {
  const cluster = new SimulatedCluster(3);
  const request = { ...longLog, kind: 'vote', to: three, term: term(1), transfer: false } as const;
  const voter = cluster.member(3);
  voter.raft.step({ ...request, from: one });
  voter.settle();
  voter.crash();
  voter.restart();
  voter.raft.step({ ...request, from: two });
  voter.raft.step({ ...request, from: one });
  voter.settle();
  t.deepEqual(
    cluster.packets.map(({ message }) => message.kind === 'vote-reply' && [message.to, message.rejected]),
    [
      [one, false],
      [two, true],
      [one, false],
    ],
  );
});

test('a learner never campaigns and its vote does not count', (t) => {
  const cluster = new SimulatedCluster(2, { learners: 1 });
  cluster.tick([3], 100);
  cluster.member(3).raft.campaign();
  t.is(roles(cluster)[2], 'follower');
  cluster.isolate(2);
  cluster.elect(1);
  t.is(roles(cluster)[0], 'pre-candidate');
});

test('a member alone leads but tells nobody and commits nothing before its vote is durable', (t) => {
  const cluster = new SimulatedCluster(1, { learners: 1 });
  const { raft, log } = cluster.member(1);
  raft.campaign();
  t.is(raft.status().role, 'leader');
  raft.tick();
  const ready = raft.takeReady();
  log.append(ready.entries);
  t.is(ready.hardState?.vote, one);
  t.is(ready.messages.length, 0);
  t.true(ready.afterDurable.some(({ kind }) => kind === 'append'));
  t.is(ready.committed.length, 0);
  t.is(Number(raft.status().commit), 0);
  for (const { index, term } of ready.entries) raft.durable(index, term);
  t.is(raft.takeReady().committed.length, 1);
});
