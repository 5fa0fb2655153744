import { copyFile, cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Tokens } from '../../../cluster/auth/tokens.js';
import type { StateMachine } from '../../../cluster/driver/machine.js';
import { Snapshots } from '../../../cluster/driver/snapshots.js';
import { Deadlines } from '../../../cluster/lease/index.js';
import { Log } from '../../../cluster/log/log.js';
import { type DataDir, dataDir } from '../../../cluster/member/data-dir.js';
import { State } from '../../../cluster/member/state.js';
import { index, memberId, noMember, revision, term } from '../../../cluster/numbers.js';
import type { HardState, SnapshotMark } from '../../../cluster/raft/types.js';
import { temporaryFolder } from '../../certificates.js';
import { SimulatedDisk } from '../../simulation/disk.js';
import { commandEntry, initial } from '../apply/replica.js';
import { get, put } from '../store/operations.js';

// Installing a snapshot replaces the state, then the log. Wherever that is interrupted, the next start must find or make
// both new, never one of them.

const membership = { voters: [memberId(1n), memberId(2n)], outgoing: [], learners: [] };
const mark: SnapshotMark = { index: index(20), term: term(3), membership };
const hardState: HardState = { term: term(4), vote: memberId(2n), commit: index(20) };
const logFolder = '/log';

async function openState({ store }: DataDir): Promise<State> {
  const place = { root: store, log: store, store, snapshots: store };
  const tokens = new Tokens({ now: () => 0 });
  const leaseFollower = new Deadlines(() => 0);
  return State.open(place, {
    tokens,
    leaseFollower,
    onApplied() {},
    onReplaced() {},
    inline: true,
    soon: setImmediate,
  });
}

async function fill(state: State, entries: number, value: string): Promise<void> {
  await state.initialise(initial);
  for (let at = 1; at <= entries; at += 1) state.apply(commandEntry(at, put('k', value)));
  await state.commit();
}

/** A follower with five entries, to which a copy of a state of twenty has come. */
class Follower {
  readonly dir: DataDir;
  readonly disk = new SimulatedDisk(Math.random);
  state: State;
  log: Log;

  static async make(t: ExecutionContext): Promise<Follower> {
    const folder = await temporaryFolder(t);
    const leader = dataDir(join(folder, 'leader'));
    const dir = dataDir(join(folder, 'follower'));
    for (const place of [leader.store, dir.store, dir.snapshots]) await mkdir(place, { recursive: true });
    const ahead = await openState(leader);
    await fill(ahead, mark.index, 'new');
    await ahead.copyTo(join(dir.snapshots, 'arrived.db'));
    await ahead.close();

    const disk = new SimulatedDisk(Math.random);
    const state = await openState(dir);
    await fill(state, 5, 'old');
    const log = await Log.create(disk, logFolder, Uint8Array.of(1), { index: index(0), term: term(0), membership });
    const entries = Array.from({ length: 5 }, (_, at) => ({ ...commandEntry(at + 1, put('k', 'old')), term: term(2) }));
    await log.append(entries, { term: term(2), vote: noMember, commit: index(5) });
    const follower = new Follower(dir, disk, state, log);
    t.teardown(() => follower.state.close());
    await follower.snapshots().keep(mark, join(dir.snapshots, 'arrived.db'));
    return follower;
  }

  private constructor(dir: DataDir, disk: SimulatedDisk, state: State, log: Log) {
    this.dir = dir;
    this.disk = disk;
    this.state = state;
    this.log = log;
  }

  get incoming(): string {
    return join(this.dir.snapshots, 'incoming');
  }

  snapshots(machine: StateMachine = this.state): Snapshots {
    return new Snapshots(this.dir.snapshots, machine, this.log);
  }

  /** The member's state, with something else in the place of its replacement. */
  machine(replaceBy: StateMachine['replaceBy']): StateMachine {
    const { state } = this;
    return {
      appliedIndex: state.appliedIndex,
      durableIndex: state.durableIndex,
      pendingBytes: 0,
      membership: state.membership,
      membershipAt: (index) => state.membershipAt(index),
      apply: (entry) => state.apply(entry),
      commit: () => state.commit(),
      copyTo: (file) => state.copyTo(file),
      replaceBy,
    };
  }

  /** The process is gone; another begins on what it left. */
  async restart(): Promise<void> {
    this.disk.kill();
    await this.state.close();
    this.state = await openState(this.dir);
    this.log = await Log.open(this.disk.boot(), logFolder);
    await this.snapshots().finishInterrupted();
  }

  value(): string | undefined {
    const value = this.state.keys.range(get('k')).kvs[0]?.value;
    return value && Buffer.from(value).toString();
  }

  async assertNew(t: ExecutionContext): Promise<void> {
    t.is(this.state.appliedIndex, mark.index);
    t.is(this.value(), 'new');
    t.deepEqual(this.log.mark(), mark);
    t.is(this.log.lastIndex(), mark.index);
    t.true(this.log.hardState().term >= mark.term);
    t.is(this.log.hardState().commit, mark.index);
    t.deepEqual(await readdir(this.incoming).catch(() => []), []);
  }
}

const interruption = new Error('interrupted');

test('an installation replaces state and log, and leaves nothing behind', async (t) => {
  const follower = await Follower.make(t);
  await follower.snapshots().install(mark, hardState);
  await follower.assertNew(t);
  t.deepEqual(follower.log.hardState(), hardState);
  await follower.restart();
  await follower.assertNew(t);
});

test('a copy that was kept and not installed is gone after the next start, and everything is as before', async (t) => {
  const follower = await Follower.make(t);
  await follower.restart();
  t.is(follower.state.appliedIndex, index(5));
  t.is(follower.value(), 'old');
  t.is(follower.log.lastIndex(), index(5));
  t.deepEqual(await readdir(follower.incoming).catch(() => []), []);
});

test('an installation that was interrupted before the state was replaced is finished at the next start', async (t) => {
  const follower = await Follower.make(t);
  const machine = follower.machine(() => Promise.reject(interruption));
  await t.throwsAsync(follower.snapshots(machine).install(mark, hardState), { is: interruption });
  await follower.restart();
  await follower.assertNew(t);
});

test('an installation that was interrupted after the state was replaced is finished at the next start', async (t) => {
  const follower = await Follower.make(t);
  const machine = follower.machine(async (file, at) => {
    await follower.state.replaceBy(file, at);
    throw interruption;
  });
  await t.throwsAsync(follower.snapshots(machine).install(mark, hardState), { is: interruption });
  t.is(follower.state.appliedIndex, mark.index);
  await follower.restart();
  await follower.assertNew(t);
});

test('an installation that was interrupted at any step of replacing the log is finished at the next start', async (t) => {
  const { disk, log } = await Follower.make(t);
  const before = disk.actions;
  await log.reset(mark, hardState);
  const steps = disk.actions - before;
  t.true(steps > 3);
  for (let step = 1; step <= steps; step += 1) {
    const follower = await Follower.make(t);
    const machine = follower.machine(async (file, at) => {
      await follower.state.replaceBy(file, at);
      void follower.disk.crashAfter(step, 'kill').then(() => interrupt(interruption));
    });
    let interrupt: (error: Error) => void = () => {};
    const interrupted = new Promise<void>((_, reject) => {
      interrupt = reject;
    });
    await t.throwsAsync(Promise.race([follower.snapshots(machine).install(mark, hardState), interrupted]));
    await follower.restart();
    await follower.assertNew(t);
  }
});

test('an installation that was interrupted before its note was removed is over at the next start', async (t) => {
  const follower = await Follower.make(t);
  const aside = `${follower.dir.snapshots}-aside`;
  const machine = follower.machine(async (file, at) => {
    await cp(follower.incoming, aside, { recursive: true });
    await follower.state.replaceBy(file, at);
  });
  await follower.snapshots(machine).install(mark, hardState);
  await rm(follower.incoming, { recursive: true, force: true });
  await cp(aside, follower.incoming, { recursive: true });
  await follower.restart();
  await follower.assertNew(t);
  t.deepEqual(follower.log.hardState(), hardState);
});

test('a later copy that arrives during an installation outlives it', async (t) => {
  const follower = await Follower.make(t);
  const later: SnapshotMark = { ...mark, index: index(30) };
  const copy = join(follower.dir.snapshots, 'later.db');
  const machine = follower.machine(async (file, at) => {
    await copyFile(file, copy);
    await follower.snapshots().keep(later, copy);
    await follower.state.replaceBy(file, at);
  });
  await follower.snapshots(machine).install(mark, hardState);
  t.deepEqual(await readdir(follower.incoming), ['received-30.db']);
});

test('reads are answered from the state before while it is being replaced, and from the new one after', async (t) => {
  const follower = await Follower.make(t);
  const seen = new Set<string | undefined>();
  let isDone = false;
  const installing = follower
    .snapshots()
    .install(mark, hardState)
    .finally(() => {
      isDone = true;
    });
  while (!isDone) {
    seen.add(follower.value());
    await new Promise(setImmediate);
  }
  await installing;
  t.deepEqual([...seen], ['old', 'new']);
  t.is(follower.value(), 'new');
});

test('watchers go on over an installed snapshot, and are told once of what they missed', async (t) => {
  const follower = await Follower.make(t);
  const stream = follower.state.watches.open();
  const range = { key: Buffer.of(0), end: Buffer.of(0) };
  const watch = { range, id: 0n, puts: true, deletions: true, previous: false, fragments: false, progress: false };
  for (const from of [0, 3, 15]) stream.watch({ ...watch, from: revision(from), user: undefined });
  await follower.snapshots().install(mark, hardState);
  follower.state.apply(commandEntry(21, put('k', 'newest')));
  const heard = new Map<bigint, string[]>();
  const complete = (): boolean => [0n, 1n, 2n].every((id) => heard.get(id)?.at(-1) === '22 newest');
  while (!complete()) {
    const { value: answer } = await stream.next();
    if (answer?.kind !== 'events') continue;
    const told = answer.events.map(({ revision: at, change }) => `${at} ${Buffer.from(change.value)}`);
    heard.set(answer.watcher.id, [...(heard.get(answer.watcher.id) ?? []), ...told]);
  }
  const expected = (from: number): string[] =>
    Array.from({ length: 23 - from }, (_, n) => `${from + n} ${from + n === 22 ? 'newest' : 'new'}`);
  t.deepEqual(heard.get(0n), expected(7));
  t.deepEqual(heard.get(2n), expected(15));
  // From the state before, or from the new one: nothing twice, nothing left out.
  t.deepEqual(
    heard.get(1n)?.map((text) => Number.parseInt(text, 10)),
    expected(3).map((text) => Number.parseInt(text, 10)),
  );
});
