import type { ExecutionContext } from 'ava';
import type { ClusterCalls } from '../../../cluster/client/cluster-calls.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { startMember } from './member.js';
import { answered, authSituations, callsTo, keySituations, type Situation } from './situations.js';

const etcd = judge('etcd');

const invalidSort = '3 etcdserver: invalid sort option';
const denied = '7 etcdserver: permission denied';

/** Where we answer otherwise than etcd 3.4.23, as later versions do; it is not asked. */
const deviations: ReadonlyMap<string, string> = new Map([
  // It answers as if nothing were wrong, and an unknown target makes it panic.
  ['a read in an unknown order', invalidSort],
  ['a read by an unknown target', invalidSort],
  ['an unknown order in a transaction', invalidSort],
  // It lets anybody compact (mended in 3.5).
  ['a compaction by nobody', '3 etcdserver: user name is empty'],
  ['a compaction by a user without roles', denied],
  // CVE-2026-33343
  ['a nested put by a user without roles', denied],
]);

async function compareAnswers(t: ExecutionContext, situations: readonly Situation[]): Promise<void> {
  const calls = async (endpoint: Promise<{ endpoint: string }>): Promise<ClusterCalls> => {
    const made = callsTo((await endpoint).endpoint);
    t.teardown(() => made.close());
    return made;
  };
  const [theirs, ours] = [await calls(startEtcd(t)), await calls(startMember(t))];
  const differing: Record<string, readonly [expected: string, got: string]> = {};
  for (const [what, ask] of situations) {
    const expected = deviations.get(what) ?? (await answered(theirs, ask));
    const got = await answered(ours, ask);
    if (got !== expected) differing[what] = [expected, got];
  }
  t.deepEqual(differing, {});
}

etcd.test('what is wrong with a request for keys is answered with the code and text of a real etcd', (t) =>
  compareAnswers(t, keySituations),
);

etcd.test('what is wrong with users and roles is answered with the code and text of a real etcd', (t) =>
  compareAnswers(t, authSituations),
);
