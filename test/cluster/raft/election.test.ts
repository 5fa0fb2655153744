import test from 'ava';
import { memberId, noMember } from '../../../cluster/numbers.js';
import { SimulatedCluster } from './simulated-cluster.js';

const electsOne = test.macro({
  title: (_, size: number) => `a cluster of ${size} elects the member whose timeout comes first`,
  exec(t, size: number) {
    const cluster = new SimulatedCluster(size);
    cluster.tick([size], 10);
    cluster.stabilize();
    for (const member of cluster.members.values()) {
      const { role, leader, term } = member.raft.status();
      t.is(role, Number(member.id) === size ? 'leader' : 'follower');
      t.is(leader, memberId(BigInt(size)));
      t.is(Number(term), 1);
    }
  },
});
for (const size of [1, 2, 3, 5]) test(electsOne, size);

test('an empty entry of the new term is committed and applied everywhere', (t) => {
  const cluster = new SimulatedCluster(3);
  cluster.elect(1);
  for (const member of cluster.members.values()) {
    t.deepEqual(
      member.state.map(({ index, term, kind }) => ({ index: Number(index), term: Number(term), kind })),
      [{ index: 1, term: 1, kind: 'empty' }],
    );
  }
});

test('a member alone leads but commits nothing before its write is durable', (t) => {
  const { raft, state } = ((cluster) => cluster.member(1))(new SimulatedCluster(1));
  raft.campaign();
  t.is(raft.status().role, 'leader');
  const ready = raft.takeReady();
  t.is(ready.hardState?.vote, memberId(1n));
  t.is(ready.committed.length, 0);
  t.is(Number(raft.status().commit), 0);
  t.is(state.length, 0);
  t.not(raft.status().leader, noMember);
});
