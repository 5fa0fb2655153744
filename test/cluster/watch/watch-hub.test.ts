import test from 'ava';
import { put } from '../../../cluster/client/operations.js';
import { revision } from '../../../cluster/numbers.js';
import { Kv } from '../../../cluster/store/index.js';
import { type Answer, type Watch, WatchHub, type WatchStream } from '../../../cluster/watch/index.js';
import { memoryTables } from '../auth/memory-tables.js';

const all: Watch = {
  range: { key: Buffer.of(0), end: Buffer.of(0) },
  from: revision(0),
  id: 0n,
  puts: true,
  deletions: true,
  previous: false,
  fragments: false,
  progress: false,
  user: undefined,
};

function setting() {
  const kv = new Kv(memoryTables(), { onChange: (at, change) => hub.note(at, change) });
  const grants = { mark: 0, mayRead: () => true };
  const hub: WatchHub = new WatchHub({ history: kv, grants, soon: setImmediate });
  return { kv, hub };
}

async function take(stream: WatchStream, count: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (answers.length < count) {
    const { value } = await stream.next();
    if (value !== undefined) answers.push(value);
  }
  return answers;
}

test('what is applied in one turn is told in one answer, behind the latest revision', async (t) => {
  const { kv, hub } = setting();
  const stream = hub.open();
  stream.watch(all);
  for (const key of ['a', 'b', 'c']) kv.apply(put(key, 'v'));
  const [, told] = await take(stream, 2);
  t.like(told, { kind: 'events', revision: 4, events: { length: 3 } });
});

test('progress that is asked for in the middle of a turn comes behind what happened in it', async (t) => {
  const { kv, hub } = setting();
  const stream = hub.open();
  stream.watch(all);
  kv.apply(put('a', 'v'));
  stream.requestProgress();
  const kinds = (await take(stream, 3)).map(({ kind }) => kind);
  t.deepEqual(kinds, ['created', 'events', 'progress']);
});

test('a client that asks without end and reads nothing is made to wait, until it reads', async (t) => {
  const { hub } = setting();
  const stream = hub.open();
  let asked = 0;
  let waiting = false;
  const asking = (async () => {
    for (; asked < 20_000; asked++) {
      stream.watch(all);
      waiting = true;
      await stream.room();
      waiting = false;
    }
  })();
  while (!waiting || asked < 1000) await new Promise((resolve) => setImmediate(resolve));
  t.true(asked < 15_000);
  await Promise.all([asking, take(stream, 20_000)]);
  t.is(asked, 20_000);
});

test('who waits for room is let go when the stream ends', async (t) => {
  const { hub } = setting();
  const stream = hub.open();
  for (let n = 0; n < 15_000; n++) stream.watch(all);
  const waiting = stream.room();
  stream.close();
  await waiting;
  t.deepEqual(await stream.next(), { value: undefined, done: true });
  t.deepEqual(hub.size, { streams: 0, watchers: 0, behind: 0 });
});

test('a stream that fails says why to whoever reads it', async (t) => {
  const stream = setting().hub.open();
  const reading = stream.next();
  stream.fail(new Error('broken'));
  await t.throwsAsync(reading, { message: 'broken' });
});

test('a long history is read in slices, and one who comes back a little late does not wait for its end', async (t) => {
  const { kv, hub } = setting();
  for (let n = 0; n < 5000; n++) kv.apply(put(`${n % 7}`, 'v'));
  const [old, late] = [hub.open(), hub.open()];
  old.watch({ ...all, from: revision(1) });
  late.watch({ ...all, from: revision(4990) });
  const [, told] = await take(late, 2);
  t.like(told, { kind: 'events', revision: 5001, events: { length: 12 } });
  t.is(hub.size.behind, 1);
  const answers = (await take(old, 6)).slice(1);
  const lengths = answers.map((answer) => (answer.kind === 'events' ? answer.events.length : 0));
  t.deepEqual(lengths, [1000, 1000, 1000, 1000, 1000]);
});
