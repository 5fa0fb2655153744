import test from 'ava';
import { Tokens } from '../../../cluster/auth/tokens.js';
import { Deadlines } from '../../../cluster/lease/index.js';
import { Measures } from '../../../cluster/measures.js';
import { State } from '../../../cluster/member/state.js';
import { leaseId, revision } from '../../../cluster/numbers.js';
import type { Action } from '../../../cluster/operations/action.js';
import { temporaryFolder } from '../../certificates.js';
import { put } from '../apply/kv-words.js';
import { commandEntry, entry } from '../apply/replica.js';

const actions: readonly Action[] = [
  put('a'),
  { ...put('a'), lease: leaseId(9n) },
  { kind: 'compact', revision: revision(2) },
  { kind: 'compact', revision: revision(2) },
  { kind: 'lease-grant', id: leaseId(5n), seconds: 60 },
  { kind: 'lease-revoke', id: leaseId(5n) },
  { kind: 'bootstrap', access: undefined },
];

test('entries are timed by what etcd calls them and by whether they came off, to compact again among them', async (t) => {
  const store = await temporaryFolder(t);
  const measures = new Measures();
  const state = await State.open(
    { root: store, log: store, store, snapshots: store },
    {
      ...{ tokens: new Tokens({ now: () => 0 }), leaseFollower: new Deadlines(() => 0), measures },
      ...{ onApplied() {}, onReplaced() {}, inline: true, soon: setImmediate },
    },
  );
  t.teardown(() => state.close());
  for (const [at, action] of actions.entries()) state.apply(commandEntry(at + 1, action));
  state.apply(entry(actions.length + 1, 'empty'));
  const counts = [...measures.applies].map(([name, { succeeded, failed }]) => [name, succeeded.count, failed.count]);
  t.deepEqual(counts, [
    ['Put', 1, 1],
    ['Compaction', 2, 0],
    ['LeaseGrant', 1, 0],
    ['LeaseRevoke', 1, 0],
  ]);
});
