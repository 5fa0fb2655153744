import test from 'ava';
import { Turns } from '../../../cluster/driver/turns.js';

/** A round of the event loop by hand: what is to come at once and what at its end. */
class Rounds {
  #atOnce: (() => void)[] = [];
  #atEnd: (() => void)[] = [];

  atOnce(callback: () => void): void {
    this.#atOnce.push(callback);
  }

  soon(callback: () => void): void {
    this.#atEnd.push(callback);
  }

  /** One callback of the event loop, and what it left to be done at once. */
  callback(work: () => void): void {
    work();
    for (const next of this.#atOnce.splice(0)) next();
  }

  end(): void {
    for (const next of this.#atEnd.splice(0)) this.callback(next);
  }
}

const setting = () => {
  const rounds = new Rounds();
  let taken = 0;
  const turns = new Turns(rounds, () => {
    taken += 1;
  });
  const input = (): void => rounds.callback(() => turns.wake());
  return { rounds, turns, input, taken: () => taken };
};

test('the first input of a quiet round is taken at once, and nothing is left for its end', (t) => {
  const { rounds, input, taken } = setting();
  input();
  t.is(taken(), 1);
  rounds.end();
  t.is(taken(), 1);
});

test('what else comes in the same round is taken in one turn at its end', (t) => {
  const { rounds, input, taken } = setting();
  for (let n = 0; n < 5; n++) input();
  t.is(taken(), 1);
  rounds.end();
  t.is(taken(), 2);
});

test('several inputs of one callback are one turn', (t) => {
  const { rounds, turns, taken } = setting();
  rounds.callback(() => {
    turns.wake();
    turns.wake();
  });
  rounds.end();
  t.is(taken(), 1);
});

test('after a crowded round everything waits for the end of the next, until one is quiet again', (t) => {
  const { rounds, input, taken } = setting();
  const round = (inputs: number): number[] => {
    const before = taken();
    for (let n = 0; n < inputs; n++) input();
    const atOnce = taken() - before;
    rounds.end();
    return [atOnce, taken() - before];
  };
  t.deepEqual(
    [round(3), round(9), round(1), round(1)],
    [
      [1, 2],
      [0, 1],
      [0, 1],
      [1, 1],
    ],
  );
});

test('a turn that asks for another one gets it in a later round', (t) => {
  const rounds = new Rounds();
  let left = 3;
  const turns: Turns = new Turns(rounds, () => {
    left -= 1;
    if (left > 0) turns.wake();
  });
  rounds.callback(() => turns.wake());
  t.is(left, 2);
  for (let n = 0; n < 3; n++) rounds.end();
  t.is(left, 0);
});
