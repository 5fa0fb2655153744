import type { Answer, Call, Operation } from './history.js';

type Value = string | undefined;

/** What the call does to a key that has `value`, and what it answers. */
function effect(value: Value, call: Call): readonly [after: Value, answer: Answer] {
  switch (call.kind) {
    case 'get':
      return [value, { value }];
    case 'put':
      return [call.value, {}];
    case 'delete':
      return [undefined, { changed: value !== undefined }];
    case 'swap':
      return value === call.expected ? [call.value, { changed: true }] : [value, { changed: false, value }];
  }
}

const agree = (said: Answer, expected: Answer): boolean =>
  said.changed === expected.changed && (!('value' in expected) || said.value === expected.value);

/**
 * Whether there is an order of the operations on one key in which each took effect at once, between its beginning and its
 * end, and all answers are right (Wing & Gong 1993, with Lowe's memory of configurations that lead nowhere). An operation
 * without an answer took effect at any time after it began, or never.
 */
export function isLinearizable(operations: readonly Operation[]): boolean {
  return new Search(operations).succeeds();
}

class Search {
  readonly #answered: readonly Operation[];
  readonly #unanswered: readonly Operation[];
  readonly #taken: boolean[];
  readonly #used: boolean[];
  readonly #deadEnds = new Set<string>();

  constructor(operations: readonly Operation[]) {
    const inOrder = [...operations].sort((a, b) => a.began - b.began);
    this.#answered = inOrder.filter(({ answer }) => answer !== undefined);
    this.#unanswered = inOrder.filter(({ answer, call }) => answer === undefined && call.kind !== 'get');
    this.#taken = this.#answered.map(() => false);
    this.#used = this.#unanswered.map(() => false);
  }

  succeeds(): boolean {
    return this.#continues(0, undefined);
  }

  /** All before `from` are taken. */
  #continues(from: number, value: Value): boolean {
    let low = from;
    while (this.#taken[low]) low += 1;
    if (low === this.#answered.length) return true;
    const configuration = this.#configuration(low, value);
    if (this.#deadEnds.has(configuration)) return false;
    const firstEnd = this.#firstEnd(low);
    const found = this.#takesAnswered(low, value, firstEnd) || this.#takesUnanswered(low, value, firstEnd);
    if (!found) this.#deadEnds.add(configuration);
    return found;
  }

  #takesAnswered(low: number, value: Value, firstEnd: number): boolean {
    for (let at = low; at < this.#answered.length; at += 1) {
      const operation = this.#answered[at];
      if (operation === undefined || operation.began > firstEnd) return false;
      if (this.#taken[at]) continue;
      const [after, expected] = effect(value, operation.call);
      if (operation.answer === undefined || !agree(operation.answer, expected)) continue;
      this.#taken[at] = true;
      if (this.#continues(low, after)) return true;
      this.#taken[at] = false;
    }
    return false;
  }

  #takesUnanswered(low: number, value: Value, firstEnd: number): boolean {
    return this.#unanswered.some((operation, at) => {
      if (this.#used[at] || operation.began > firstEnd) return false;
      const [after] = effect(value, operation.call);
      if (after === value) return false;
      this.#used[at] = true;
      const found = this.#continues(low, after);
      this.#used[at] = false;
      return found;
    });
  }

  /** Nothing that began after this moment can come next. */
  #firstEnd(low: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (let at = low; at < this.#answered.length; at += 1) {
      const operation = this.#answered[at];
      if (operation === undefined || operation.began > first) break;
      if (!this.#taken[at]) first = Math.min(first, operation.ended);
    }
    return first;
  }

  #configuration(low: number, value: Value): string {
    const ahead = [];
    for (let at = this.#taken.lastIndexOf(true); at > low; at -= 1) if (this.#taken[at]) ahead.push(at);
    const used = this.#used.flatMap((isUsed, at) => (isUsed ? [at] : []));
    return `${low} ${ahead} ${used} ${value}`;
  }
}
