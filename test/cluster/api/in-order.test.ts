import test from 'ava';
import { inOrder } from '../../../cluster/api/in-order.js';

/** Answers that a test gives when it likes. */
function desk() {
  const open = new Map<string, { give(): void; fail(error: Error): void }>();
  const answer = (question: string): Promise<string> =>
    new Promise((resolve, reject) => open.set(question, { give: () => resolve(`${question}!`), fail: reject }));
  return { open, answer };
}

async function* asking(...questions: readonly string[]): AsyncGenerator<string> {
  for (const question of questions) yield question;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('questions are asked without waiting for the answers before, which come in their order', async (t) => {
  const { open, answer } = desk();
  const answers = inOrder(asking('a', 'b', 'c'), 10, answer);
  const first = answers.next();
  await settled();
  t.deepEqual([...open.keys()], ['a', 'b', 'c']);
  open.get('c')?.give();
  open.get('a')?.give();
  t.deepEqual(await first, { done: false, value: 'a!' });
  open.get('b')?.give();
  t.deepEqual([(await answers.next()).value, (await answers.next()).value], ['b!', 'c!']);
  t.true((await answers.next()).done);
});

test('no more questions are taken than may be open', async (t) => {
  const { open, answer } = desk();
  const answers = inOrder(asking('a', 'b', 'c'), 2, answer);
  const first = answers.next();
  await settled();
  t.deepEqual([...open.keys()], ['a', 'b']);
  open.get('a')?.give();
  await first;
  void answers.next();
  await settled();
  t.deepEqual([...open.keys()], ['a', 'b', 'c']);
});

test('what fails first is thrown in its turn, and what fails after that is nobody’s', async (t) => {
  const { open, answer } = desk();
  const answers = inOrder(asking('a', 'b', 'c'), 10, answer);
  const first = answers.next();
  await settled();
  open.get('c')?.fail(new Error('third'));
  open.get('b')?.fail(new Error('second'));
  open.get('a')?.give();
  t.is((await first).value, 'a!');
  await t.throwsAsync(answers.next(), { message: 'second' });
  t.true((await answers.next()).done);
});

test('questions that break off end it: nobody is there for the answers', async (t) => {
  async function* breaking() {
    yield 'a';
    throw new Error('gone');
  }
  const { open, answer } = desk();
  const answers = inOrder(breaking(), 10, answer);
  const first = answers.next();
  await settled();
  open.get('a')?.give();
  await t.throwsAsync(first, { message: 'gone' });
});
