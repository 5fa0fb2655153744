import test from 'ava';
import { Log, type LogOptions } from '../../../cluster/log/log.js';
import { noMember } from '../../../cluster/numbers.js';
import type { Entry, HardState, SnapshotMark } from '../../../cluster/raft/types.js';
import { SimulatedDisk, type Tearing } from '../../simulation/disk.js';
import { contents, entryAt, folder, identity, markAt, reopened, seeded, smallSegments, stateAt } from './fixtures.js';

// Random work, crashes at random actions of the disk, also during recovery. After each the log must be as it was after
// some step (an entry, a hard state, a mark, a reset) from the last acknowledged one on.

interface State {
  readonly mark: SnapshotMark;
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
}

const lastIndex = ({ mark, entries }: State): number => mark.index + entries.length;
const lastTerm = ({ mark, entries }: State): number => entries.at(-1)?.term ?? mark.term;

const withEntry = (state: State, entry: Entry): State => ({
  ...state,
  entries: [...state.entries.slice(0, entry.index - state.mark.index - 1), entry],
});

const compacted = (state: State, mark: SnapshotMark): State => ({
  ...state,
  mark,
  entries: state.entries.slice(mark.index - state.mark.index),
});

/** As it is read back: a term of the last entry that has no hard state yet counts, without a vote. */
const readBack = (state: State): State => {
  const term = lastTerm(state);
  if (term <= state.hardState.term) return state;
  return { ...state, hardState: { ...state.hardState, term: entryAt(1, term).term, vote: noMember } };
};

const stateOf = (log: Log): State => ({ mark: log.mark(), entries: contents(log), hardState: log.hardState() });

/** What was asked of the log in one life, step by step, and how much of it was acknowledged. */
class History {
  readonly steps: State[];
  acknowledged = 0;

  constructor(first: State) {
    this.steps = [first];
  }

  get now(): State {
    return this.steps.at(-1) ?? this.steps[0] ?? { mark: markAt(0, 0), entries: [], hardState: stateAt(0, 0n, 0) };
  }

  push(state: State): void {
    this.steps.push(state);
  }

  acknowledge(promise: Promise<void>): Promise<void> {
    const place = this.steps.length - 1;
    return promise.then(() => {
      this.acknowledged = Math.max(this.acknowledged, place);
    });
  }

  allowed(): string[] {
    return this.steps.slice(this.acknowledged).map((state) => textOf(readBack(state)));
  }
}

const asText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value);

/** Short enough to be read when a seed fails: of the data, its length and its first byte. */
function textOf({ mark, entries, hardState }: State): string {
  const texts = entries.map(
    ({ index, term, kind, data }) => `${index}/${term} ${kind} ${data.length}x${data[0] ?? ''}`,
  );
  return JSON.stringify({ mark, entries: texts, hardState }, asText);
}

class Work {
  readonly #random: () => number;
  #term = 1;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A whole number from `low` to `high`. */
  number(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  next(log: Log, history: History): Promise<void> {
    const choice = this.#random();
    if (choice < 0.05) return this.#reset(log, history);
    if (choice < 0.15 && history.now.entries.length > 0) return this.#compact(log, history);
    return this.#append(log, history);
  }

  #append(log: Log, history: History): Promise<void> {
    const { now } = history;
    this.#term = Math.max(this.#term, lastTerm(now)) + (this.#random() < 0.2 ? 1 : 0);
    const overwrite = this.#random() < 0.15 ? this.number(0, now.entries.length) : 0;
    const from = lastIndex(now) + 1 - overwrite;
    const entries = Array.from({ length: this.number(0, 5) }, (_, place) =>
      entryAt(from + place, this.#term, Buffer.alloc(this.#dataBytes(), this.number(0, 255))),
    );
    for (const entry of entries) history.push(withEntry(history.now, entry));
    if (this.#random() < 0.5) return history.acknowledge(log.append(entries));
    const hardState = stateAt(Math.max(this.#term, now.hardState.term), BigInt(this.number(0, 3)), this.number(0, 100));
    history.push({ ...history.now, hardState });
    return history.acknowledge(log.append(entries, hardState));
  }

  #dataBytes(): number {
    return this.#random() < 0.05 ? this.number(3000, 9000) : this.number(0, 300);
  }

  #compact(log: Log, history: History): Promise<void> {
    const entry = history.now.entries[this.number(0, history.now.entries.length - 1)] ?? entryAt(0, 0);
    const mark = markAt(entry.index, entry.term);
    history.push(compacted(history.now, mark));
    return history.acknowledge(log.compact(mark));
  }

  #reset(log: Log, history: History): Promise<void> {
    this.#term += 1;
    const mark = markAt(lastIndex(history.now) + this.number(1, 10), this.#term);
    const hardState = stateAt(this.#term, 1n, mark.index);
    history.push({ mark, entries: [], hardState });
    return history.acknowledge(log.reset(mark, hardState));
  }
}

const tearings: readonly Tearing[] = ['lose', 'keep', 512, 4096];
const endings = [...tearings, 'kill', 'kill'] as const;

/** Opens the log, with crashes on the way. */
async function openThroughCrashes(disk: SimulatedDisk, work: Work, options: LogOptions): Promise<Log> {
  for (let crashes = work.number(0, 2); crashes > 0; crashes -= 1) {
    const crashed = disk.crashAfter(work.number(1, 12), endings[work.number(0, 5)] ?? 'lose').then(() => undefined);
    const log = await Promise.race([Log.open(disk.boot(), folder, options), crashed]);
    if (log !== undefined) disk.crash('lose');
  }
  return Log.open(disk.boot(), folder, options);
}

async function workUntilCrash(disk: SimulatedDisk, log: Log, work: Work, history: History): Promise<void> {
  let over = false;
  // Often right after the start, when nothing but the start itself has made durable what was read back.
  const actions = work.number(1, work.number(0, 2) === 0 ? 5 : 150);
  const crashed = disk.crashAfter(actions, endings[work.number(0, 5)] ?? 'lose').then(() => {
    over = true;
  });
  while (!over) {
    const done = work.next(log, history);
    if (work.number(0, 3) === 0) await Promise.race([done, crashed]);
    else for (let turns = work.number(0, 6); turns > 0; turns -= 1) await undefined;
  }
}

async function run(seed: number, lives: number): Promise<string | undefined> {
  const random = seeded(seed);
  const disk = new SimulatedDisk(random);
  const work = new Work(random);
  let log = await Log.create(disk.boot(), folder, identity, markAt(0, 0), smallSegments);
  for (let life = 0; life < lives; life += 1) {
    const history = new History(stateOf(log));
    await workUntilCrash(disk, log, work, history);
    log = await openThroughCrashes(disk, work, smallSegments);
    const found = textOf(stateOf(log));
    if (!history.allowed().includes(found))
      return `seed ${seed}, life ${life}: ${found} is none of ${history.allowed().join('\n')}`;
    if (Buffer.compare(log.identity, identity) !== 0) return `seed ${seed}, life ${life}: another identity`;
  }
  return undefined;
}

for (const part of [0, 1, 2, 3])
  test(`what was acknowledged survives crashes anywhere, and nothing is invented (part ${part + 1} of 4)`, async (t) => {
    for (let seed = part * 1000; seed < part * 1000 + 25; seed += 1) t.is(await run(seed, 6), undefined);
  });

test('what a start finds after its process was killed is durable from then on', async (t) => {
  const found = new Set<number>();
  for (let actions = 1; actions < 30; actions += 1) {
    const disk = new SimulatedDisk(seeded(actions));
    const log = await Log.create(disk.boot(), folder, identity, markAt(0, 0), smallSegments);
    const killed = disk.crashAfter(actions, 'kill');
    for (let index = 1; index < 100; index += 1)
      await Promise.race([log.append([entryAt(index, 1, Buffer.alloc(500))]), killed]);
    const first = stateOf(await Log.open(disk.boot(), folder, smallSegments));
    disk.crash('lose');
    t.deepEqual(stateOf(await Log.open(disk.boot(), folder, smallSegments)), first, `killed at action ${actions}`);
    found.add(first.entries.length);
  }
  t.true(found.size > 5);
});

test('a crash during creation leaves no log or an empty one', async (t) => {
  for (let seed = 0; seed < 100; seed += 1) {
    const random = seeded(seed);
    const disk = new SimulatedDisk(random);
    const tearing = tearings[seed % tearings.length] ?? 'lose';
    const crashed = disk.crashAfter(1 + (seed % 14), tearing);
    await Promise.race([Log.create(disk.boot(), folder, identity, markAt(3, 1), smallSegments), crashed]);
    disk.crash(tearing);
    const known = await Log.exists(disk, folder);
    const log = await (known ? reopened(disk) : Log.create(disk, folder, identity, markAt(3, 1), smallSegments));
    t.deepEqual(stateOf(log), { mark: markAt(3, 1), entries: [], hardState: stateAt(1, 0n, 3) });
  }
});
