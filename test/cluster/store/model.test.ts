import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { ClusterError } from '../../../cluster/errors.js';
import { index, revision } from '../../../cluster/numbers.js';
import type { Compare, KeyRange, Operation, Range } from '../../../cluster/operations/kv.js';
import { Backend, checkOverlaps, Kv } from '../../../cluster/store/index.js';
import { Model, Refused } from './model.js';
import { bytes, del, get, put, txn } from './operations.js';

// Random lives of a store, compared answer by answer with the model. Keys are few, so that they meet; some are longer
// than a segment of the key tree, on both sides of its edges.

const segment = 'p'.repeat(960);
const keys = ['a', 'a\0', 'ab', 'b', 'b\xff', 'p', `${segment.slice(1)}`, segment, `${segment}\0`, `${segment}a`]
  .concat([`${segment}${segment}`, `${segment}${segment}x`, `${segment}q`, `${'p'.repeat(959)}o${'z'.repeat(50)}`])
  .concat([`${segment}${segment}${segment}end`, 'q', '\xff\xff']);

type Life =
  | { readonly do: 'apply'; readonly op: Operation }
  | { readonly do: 'compact'; readonly back: number }
  | { readonly do: 'sweep'; readonly budget: number }
  | { readonly do: 'commit' | 'start-commit' | 'reopen' };

const key = fc.constantFrom(...keys);
const end = fc.option(fc.oneof(fc.constant('\0'), key), { nil: undefined });
const interval = fc.tuple(fc.oneof(fc.constant('\0'), key), end);
const value = fc.constantFrom('', '1', '2', '33');
/** How far back from the present; the revision itself is worked out when it is asked for. */
const back = fc.integer({ min: -1, max: 12 });

const rangeOp = fc
  .record({
    interval,
    back: fc.option(back, { nil: undefined, freq: 1 }),
    limit: fc.constantFrom(0, 0, 1, 2, 5),
    order: fc.constantFrom('none' as const, 'ascend' as const, 'descend' as const),
    target: fc.constantFrom('key' as const, 'version' as const, 'create' as const, 'mod' as const, 'value' as const),
    keysOnly: fc.boolean(),
    countOnly: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    filters: fc.option(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 12 })), { nil: undefined }),
  })
  .map(({ interval: [from, to], back, filters, ...rest }) =>
    get(from, to, {
      ...rest,
      // Marked by being negative; made absolute by `resolve`.
      revision: revision(back === undefined ? 0 : -back - 2),
      ...(filters && { minModRevision: revision(filters[0]), maxCreateRevision: revision(filters[1]) }),
    }),
  );

const compare: fc.Arbitrary<Compare> = fc
  .record({
    interval,
    result: fc.constantFrom('equal' as const, 'not-equal' as const, 'greater' as const, 'less' as const),
    against: fc.oneof(
      value.map((v) => ({ target: 'value' as const, value: bytes(v) })),
      fc.record({
        target: fc.constantFrom('version' as const, 'create' as const, 'mod' as const),
        number: fc.integer({ min: 0, max: 8 }),
      }),
    ),
  })
  .map(({ interval: [from, to], ...rest }) => ({ ...rest, ...asRange(from, to) }));

const putOp = fc
  .tuple(key, value, fc.boolean(), fc.integer({ min: 0, max: 6 }))
  .map(([k, v, prevKv, dice]) => put(k, dice === 0 ? '' : v, { prevKv, ignoreValue: dice === 0 }));
const deleteOp = fc.tuple(interval, fc.boolean()).map(([[from, to], prevKv]) => del(from, to, prevKv));

const { operation } = fc.letrec<{ operation: Operation; txn: Operation }>((tie) => ({
  operation: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'txn' },
    { arbitrary: putOp, weight: 6 },
    { arbitrary: deleteOp, weight: 2 },
    { arbitrary: rangeOp, weight: 4 },
    { arbitrary: tie('txn'), weight: 3 },
  ),
  txn: fc
    .tuple(
      fc.array(compare, { maxLength: 2 }),
      fc.array(tie('operation'), { maxLength: 4 }),
      fc.array(tie('operation'), { maxLength: 3 }),
    )
    .map(([compares, success, failure]) => txn(compares, success, failure)),
}));

const life: fc.Arbitrary<Life> = fc.oneof(
  { weight: 14, arbitrary: operation.map((op): Life => ({ do: 'apply', op })) },
  { weight: 1, arbitrary: back.map((n): Life => ({ do: 'compact', back: n })) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }).map((budget): Life => ({ do: 'sweep', budget })) },
  { weight: 2, arbitrary: fc.constantFrom('commit', 'start-commit', 'reopen').map((step): Life => ({ do: step })) },
);

function asRange(from: string, to: string | undefined): KeyRange {
  return { key: bytes(from), ...(to === undefined ? {} : { end: bytes(to) }) };
}

/** Ranges with their revision counted from the present one. */
function resolve<T extends Operation>(op: T, now: number): T {
  if (op.kind === 'range' && op.revision < 0) return { ...op, revision: revision(Math.max(0, now + 2 + op.revision)) };
  if (op.kind !== 'txn') return op;
  return {
    ...op,
    success: op.success.map((step) => resolve(step, now)),
    failure: op.failure.map((step) => resolve(step, now)),
  };
}

/** Answers and refusals as plain data: bytes as text. */
const plain = (result: unknown): string =>
  JSON.stringify(result, (_, item) => {
    if (typeof item === 'bigint') return String(item);
    if (item !== null && item?.type === 'Buffer') return Buffer.from(item.data).toString('latin1');
    return item instanceof Uint8Array ? Buffer.from(item).toString('latin1') : item;
  });

function answer(ask: () => unknown): string {
  try {
    return plain(sorted(ask()) ?? 'done');
  } catch (error) {
    if (error instanceof ClusterError || error instanceof Refused) return `refused: ${error.code}`;
    throw error;
  }
}

/** The same fields in the same order, whoever made the object. */
function sorted(item: unknown): unknown {
  if (item instanceof Uint8Array) return Buffer.from(item).toString('latin1');
  if (Array.isArray(item)) return item.map(sorted);
  if (item === null || typeof item !== 'object') return item;
  const fields = Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
}

class Subject {
  readonly path: string;
  readonly inline: boolean;
  backend: Backend;
  kv: Kv;
  model = new Model();
  /** The model at each applied index: where a commit ends up is known after a reopening. */
  #past = new Map([[0, new Model()]]);
  #commits: Promise<void>[] = [];
  #index = 0;
  #due = 0;

  constructor(backend: Backend, path: string, inline: boolean) {
    this.path = path;
    this.inline = inline;
    this.backend = backend;
    this.kv = new Kv(backend.table);
  }

  apply<T>(change: () => T): T {
    const result = this.backend.transact(index(this.#index + 1), change);
    this.#past.set(++this.#index, this.model.copy());
    return result;
  }

  startCommit(): void {
    const commit = this.backend.commit();
    this.#commits.push(commit);
    this.#due = this.#index;
  }

  async settle(): Promise<void> {
    await Promise.all(this.#commits.splice(0));
  }

  /** What was not committed is gone. */
  async reopen(): Promise<void> {
    await this.settle();
    await this.backend.close();
    this.backend = await Backend.open({ path: this.path, inline: this.inline });
    this.#index = this.backend.appliedIndex;
    this.kv = new Kv(this.backend.table);
    if (this.#index < this.#due) throw new Error(`entry ${this.#due} was committed, and is gone`);
    this.model = this.#past.get(this.#index)?.copy() ?? new Model();
  }
}

async function live(subject: Subject, step: Life): Promise<void> {
  const { model } = subject;
  switch (step.do) {
    case 'apply': {
      const op = resolve(step.op, model.revision);
      if (op.kind === 'txn' && answer(() => checkOverlaps(op)).startsWith('refused')) break;
      const expected = answer(() => (op.kind === 'range' ? model.range(op) : model.apply(op)));
      const { kv } = subject;
      const actual = answer(() => (op.kind === 'range' ? kv.range(op) : subject.apply(() => kv.apply(op))));
      same(actual, expected);
      break;
    }
    case 'compact': {
      const to = revision(model.revision - step.back);
      const expected = answer(() => model.compact(to));
      same(
        answer(() => subject.apply(() => subject.kv.compact(to))),
        expected,
      );
      break;
    }
    case 'sweep':
      subject.apply(() => subject.kv.compactStep(step.budget));
      break;
    case 'commit':
      subject.startCommit();
      await subject.settle();
      break;
    case 'start-commit':
      subject.startCommit();
      break;
    case 'reopen':
      await subject.reopen();
  }
  same(String(subject.kv.revision), String(subject.model.revision));
}

function same(actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`the store: ${actual}\nthe model: ${expected}`);
}

/** Everything, at every revision that may be asked for, whole and counted. */
function compareAll({ kv, model }: Subject): void {
  for (let at = Math.max(1, model.compacted); at <= model.revision; at++) {
    const all: Range = get('\0', '\0', { revision: revision(at) });
    same(
      answer(() => kv.range(all)),
      answer(() => model.range(all)),
    );
    for (const [from, to] of [
      ['a', 'p'],
      [segment, '\0'],
      ['b', `${segment}b`],
    ] as const) {
      const some = get(from, to, { revision: revision(at), countOnly: true });
      same(
        answer(() => kv.range(some)),
        answer(() => model.range(some)),
      );
    }
  }
}

/** Of a history that is wholly compacted one record of each living key is left, and the deletions of its last revision. */
function compactAll(subject: Subject): void {
  const { kv, model, backend } = subject;
  if (model.compacted < model.revision) subject.apply(() => kv.compact(kv.revision));
  while (subject.apply(() => kv.compactStep(2)));
  const rows = (name: string): number => [...backend.table(name).range()].length;
  const [living, dead] = [model.at(model.revision).length, model.deletedAt(model.revision)];
  same(['revisions', 'keys', 'dead-keys'].map(rows).join(), [living + dead, living + dead, dead].join());
  same(
    answer(() => kv.range(get('\0', '\0'))),
    answer(() => model.range(get('\0', '\0'))),
  );
}

const agrees = test.macro({
  title: (_, mode: string) => `random operations get the model's answers, ${mode}`,
  async exec(t, mode: 'with inline commits' | 'with commits in the background', numRuns: number) {
    const inline = mode === 'with inline commits';
    const folder = await mkdtemp(join(tmpdir(), 'quorate-store-'));
    t.teardown(() => rm(folder, { recursive: true }));
    let run = 0;
    const result = await fc.check(
      fc.asyncProperty(fc.array(life, { minLength: 10, maxLength: 70, size: 'max' }), async (steps) => {
        const path = join(folder, `${++run}.mdb`);
        const subject = new Subject(await Backend.open({ path, inline }), path, inline);
        try {
          for (const step of steps) await live(subject, step);
          compareAll(subject);
          while (subject.apply(() => subject.kv.compactStep(3)));
          compareAll(subject);
          compactAll(subject);
        } finally {
          await subject.settle();
          await subject.backend.close();
          await Promise.all([rm(path), rm(`${path}-lock`, { force: true })]);
        }
      }),
      { numRuns, seed: 20_240 },
    );
    const steps = result.counterexample?.[0].map((step) => plain(step)).join('\n');
    t.false(result.failed, `${steps}\n${String(result.errorInstance)} (path ${result.counterexamplePath})`);
  },
});

test(agrees, 'with inline commits', 250);
test(agrees, 'with commits in the background', 40);
