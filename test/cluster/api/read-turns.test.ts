import test, { type ExecutionContext } from 'ava';
import type { CallContext } from '../../../cluster/api/context.js';
import { ReadTurns } from '../../../cluster/api/read-turns.js';
import type { Reader } from '../../../cluster/api/reader.js';
import { heldAnswers, readerOf } from './readers.js';

/** A turn of the loop takes so long: others are at work in it. */
const turnMs = 0.1;

/** Reads that take turns by a clock of their own, which goes on with reads and with turns of the loop. */
function takingTurns(t: ExecutionContext) {
  const clock = { ms: 0, loops: 0 };
  const count = (): void => {
    clock.loops += 1;
    clock.ms += turnMs;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  t.teardown(() => clearImmediate(timer));
  const turns = new ReadTurns(() => clock.ms);
  const busy = (ms: number): void => {
    clock.ms += ms;
  };
  /** A call that reads for so long when its turn has come. */
  const read = async (call: CallContext, ms: number, hasBegun = false): Promise<void> => {
    const turn = turns.wait(call, hasBegun);
    if (turn !== undefined) await turn;
    turns.take(call, () => busy(ms));
  };
  return { clock, turns, busy, read };
}

const callOf = (reader: Reader, over = false): CallContext => ({ reader, over }) as CallContext;

test('large reads wait for a turn of the loop each, connection by connection; small ones do not wait for them', async (t) => {
  const { clock, turns, read } = takingTurns(t);
  const [a, b, light] = ['a', 'b', 'light'].map((remote) => callOf(readerOf(remote))) as [
    CallContext,
    CallContext,
    CallContext,
  ];
  turns.take(light, () => undefined);
  t.is(turns.wait(light), undefined);
  const order: string[] = [];
  const at = new Set<number>();
  const ask = async (call: CallContext): Promise<void> => {
    await read(call, 2);
    order.push(call.reader.remote);
    at.add(clock.loops);
  };
  // Two whose reads are known to be large.
  await ask(a);
  await ask(b);
  order.length = 0;
  at.clear();
  const all = [a, a, a, b].map(ask);
  t.is(turns.wait(light), undefined);
  await Promise.all(all);
  t.deepEqual(order, ['a', 'b', 'a', 'a']);
  t.is(at.size, 4);
});

test('a connection goes on with what it has begun before it begins anything else', async (t) => {
  const { read } = takingTurns(t);
  const a = callOf(readerOf('a'));
  await read(a, 2);
  const order: string[] = [];
  const first = read(a, 2).then(async () => {
    order.push('first');
    await read(a, 2, true);
    order.push('first again');
  });
  await Promise.all([first, read(a, 2).then(() => order.push('second'))]);
  t.deepEqual(order, ['first', 'first again', 'second']);
});

test('small reads that had to wait all go on within a few turns', async (t) => {
  const { clock, turns, busy, read } = takingTurns(t);
  const a = callOf(readerOf('a'));
  for (let times = 0; times < 100; times++) turns.take(a, () => busy(0.2));
  await Promise.all(Array.from({ length: 1000 }, () => read(a, 0)));
  t.true(clock.loops < 20, `${clock.loops} turns`);
});

test('who has not read what it was answered is read for no further until it has; what it has begun goes on, and so do others', async (t) => {
  const { turns, read } = takingTurns(t);
  const held = heldAnswers({ connectionBytes: 10 });
  const [a, b] = [callOf(readerOf('a', held)), callOf(readerOf('b', held))];
  a.reader.hold(10, 'answer');
  const waited: string[] = [];
  const waiting = read(a, 0).then(() => waited.push('a'));
  t.is(turns.wait(b), undefined);
  turns.take(b, () => undefined);
  t.is(turns.wait(a, true), undefined);
  turns.take(a, () => undefined);
  await new Promise(setImmediate);
  t.deepEqual(waited, []);
  a.reader.release(1, 'answer');
  await waiting;
  t.deepEqual(waited, ['a']);
});

test('of the calls that wait for room only as many go on as there is room for', async (t) => {
  const { turns } = takingTurns(t);
  const a = callOf(readerOf('a', heldAnswers({ connectionBytes: 10 })));
  let reads = 0;
  const ask = async (): Promise<void> => {
    const turn = turns.wait(a);
    if (turn !== undefined) await turn;
    turns.take(a, () => a.reader.hold(10, 'answer'));
    reads += 1;
  };
  const all = Array.from({ length: 5 }, ask);
  for (let expected = 1; expected <= 5; expected++) {
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    t.is(reads, expected);
    a.reader.release(10, 'answer');
  }
  await Promise.all(all);
});

test('a call that nobody waits for any more reads nothing, and the next goes on in its place', async (t) => {
  const { turns, read } = takingTurns(t);
  const reader = readerOf('a', heldAnswers({ connectionBytes: 10 }));
  reader.hold(10, 'answer');
  const gone = { reader, over: false };
  const first = turns.wait(gone as CallContext);
  const second = read(callOf(reader), 0);
  gone.over = true;
  reader.release(10, 'answer');
  await t.throwsAsync(Promise.resolve(first), { message: 'the client has gone before its turn came' });
  await second;
  t.pass();
});
