import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ClusterError } from '../../../cluster/errors.js';
import { silentLogger } from '../../../cluster/logger.js';
import { CorruptionCheck, HashAnswers, Maintenance } from '../../../cluster/maintenance/index.js';
import { index, type MemberId, memberId, noMember, revision, term } from '../../../cluster/numbers.js';
import type { Put } from '../../../cluster/operations/kv.js';
import { Backend, Kv } from '../../../cluster/store/index.js';
import { freshFolder } from '../store/folder.js';
import { put } from '../store/operations.js';

// Three members with stores of their own, of which one finds out about the others.

interface TestMember {
  readonly id: MemberId;
  readonly backend: Backend;
  readonly kv: Kv;
  readonly maintenance: Maintenance;
  readonly answers: HashAnswers;
  apply(change: (kv: Kv) => unknown): void;
}

async function memberOf(t: ExecutionContext, number: number): Promise<TestMember> {
  const folder = await freshFolder(t);
  const backend = await Backend.open({ path: join(folder, 'state.mdb'), inline: true });
  t.teardown(() => backend.close());
  const maintenance = new Maintenance({ view: () => backend.view(), term: () => term(1), folder });
  const apply = (change: (kv: Kv) => unknown): void =>
    backend.transact(index(backend.appliedIndex + 1), () => void change(kv));
  const kv = new Kv(backend.table);
  const answers = new HashAnswers((at) => maintenance.hashKeys(at));
  return { id: memberId(BigInt(number)), backend, kv, maintenance, answers, apply };
}

const values: readonly Put[] = Array.from({ length: 30 }, (_, n) => put(`k${n % 7}`, `v${n}`));

async function three(t: ExecutionContext): Promise<readonly [TestMember, TestMember, TestMember]> {
  const members = [await memberOf(t, 1), await memberOf(t, 2), await memberOf(t, 3)] as const;
  for (const { apply } of members) for (const value of values) apply((kv) => kv.apply(value));
  return members;
}

/** One bit of one value on the disk. */
const damage = ({ backend }: TestMember): void => {
  const table = backend.table('revisions');
  const [key, row] = [...table.range()][11] ?? [];
  if (key === undefined || row === undefined) throw new Error('no such row');
  const changed = Buffer.from(row);
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  backend.transact(backend.appliedIndex, () => table.put(key, changed));
};

interface Found {
  readonly check: CorruptionCheck;
  readonly alarms: readonly bigint[];
}

/** What `self` comes to; `silent` do not answer. */
function checkOf(self: TestMember, all: readonly TestMember[], silent: readonly TestMember[] = []): Found {
  const alarms: bigint[] = [];
  const check = new CorruptionCheck({
    self: self.id,
    peers: () => all.filter((member) => member !== self).map(({ id }) => id),
    hashKeys: (at) => self.maintenance.hashKeys(at),
    ask: async (to, question) => {
      const peer = all.find(({ id }) => id === to);
      if (peer === undefined || silent.includes(peer)) throw new Error('not reached');
      return peer.answers.answer(question);
    },
    linearize: async () => {},
    raise: (member) => alarms.push(member),
    logger: silentLogger,
  });
  return { check, alarms };
}

const found = async ({ check, alarms }: Found): Promise<readonly bigint[]> => {
  await check.now();
  return alarms;
};

test('members with the same data raise no alarm, compacted at different speeds or not', async (t) => {
  const all = await three(t);
  for (const { apply } of all) apply((kv) => kv.compact(revision(20)));
  all[0].apply((kv) => kv.compactStep(1000));
  all[1].apply((kv) => kv.compactStep(3));
  t.deepEqual(await found(checkOf(all[0], all)), []);
  await t.notThrowsAsync(checkOf(all[2], all).check.atStart());
});

test('whose data differs from that of most is named, whether it leads or follows', async (t) => {
  const all = await three(t);
  damage(all[1]);
  t.deepEqual(await found(checkOf(all[0], all)), [2n]);
  t.deepEqual(await found(checkOf(all[1], all)), [2n]);
});

test('where no data is that of most nobody is named, and the alarm is raised all the same', async (t) => {
  const all = await three(t);
  damage(all[1]);
  t.deepEqual(await found(checkOf(all[0], all, [all[2]])), [noMember]);
});

test('a member that is behind, compacted elsewhere or not reached is no suspect', async (t) => {
  const all = await three(t);
  all[0].apply((kv) => kv.apply(put('more', '1')));
  t.deepEqual(await found(checkOf(all[0], all)), [], 'behind');
  for (const { apply } of all.slice(1)) apply((kv) => kv.apply(put('more', '1')));
  all[0].apply((kv) => kv.compact(revision(9)));
  t.deepEqual(await found(checkOf(all[0], all)), [], 'not compacted yet');
  t.deepEqual(await found(checkOf(all[0], all, all.slice(1))), [], 'not reached');
});

test('a follower that has more than its leader has made it up', async (t) => {
  const all = await three(t);
  all[2].apply((kv) => kv.apply(put('more', '1')));
  t.deepEqual(await found(checkOf(all[0], all)), [3n]);
});

test('a member that starts with other data than its peers does not serve', async (t) => {
  const all = await three(t);
  damage(all[0]);
  const error = await t.throwsAsync<ClusterError>(checkOf(all[0], all).check.atStart());
  t.is(error.code, 'corrupt');
  t.regex(error.message, /^the data of this member, 1, is not that of 2, 3 at revision 31$/);
  t.regex(error.hint ?? '', /empty their data folders/);
});

test('who asks for the same hash again gets the one that is being made', async (t) => {
  let made = 0;
  let finish: () => void = () => {};
  const slow = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const answers = new HashAnswers(async (at) => {
    made += 1;
    await slow;
    return { hash: 7, revision: at, compacted: undefined, latest: at };
  });
  const question = Buffer.of(0x08, 5);
  const [first, again] = [answers.answer(question), answers.answer(question)];
  finish();
  t.deepEqual(await first, await again);
  t.is(made, 1);
  await answers.answer(question);
  t.is(made, 2, 'a later question is about a later state');
});
