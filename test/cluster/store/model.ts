import { revision } from '../../../cluster/numbers.js';
import type {
  Compare,
  DeleteRange,
  KeyRange,
  KeyValue,
  Operation,
  OperationResult,
  Put,
  Range,
  Txn,
} from '../../../cluster/operations/kv.js';

// The key-value store as its documentation puts it, in the plainest way: a list of all changes, read from the start
// for every question. Nothing is shared with the store but the types.

interface Change {
  readonly main: number;
  /** Undefined value: deleted. */
  readonly kv: Omit<KeyValue, 'value'> & { readonly value: Uint8Array | undefined };
}

export class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const order = (a: Uint8Array, b: Uint8Array): number => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0);

function inside({ key, end }: KeyRange, candidate: Uint8Array): boolean {
  if (end === undefined) return order(key, candidate) === 0;
  return order(candidate, key) >= 0 && (text(end) === '\0' || order(candidate, end) < 0);
}

export class Model {
  revision = 1;
  /** Never: etcd takes a first compaction at 0. */
  compacted = -1;
  #changes: Change[] = [];

  copy(): Model {
    const copy = new Model();
    copy.revision = this.revision;
    copy.compacted = this.compacted;
    copy.#changes = [...this.#changes];
    return copy;
  }

  /** How many keys a revision deleted. */
  deletedAt(rev: number): number {
    return this.#changes.filter(({ main, kv }) => main === rev && kv.value === undefined).length;
  }

  at(rev: number): KeyValue[] {
    const latest = new Map<string, KeyValue>();
    for (const { main, kv } of this.#changes) {
      if (main > rev) continue;
      if (kv.value === undefined) latest.delete(text(kv.key));
      else latest.set(text(kv.key), { ...kv, value: kv.value });
    }
    return [...latest.values()].sort((a, b) => order(a.key, b.key));
  }

  apply(op: Put | DeleteRange | Txn): OperationResult {
    const run = this.#prepare(op);
    const main = this.revision + 1;
    const before = this.#changes.length;
    const result = run(main);
    if (this.#changes.length > before) this.revision = main;
    return result;
  }

  compact(rev: number): void {
    if (rev <= this.compacted) throw new Refused('compacted');
    if (rev > this.revision) throw new Refused('future-revision');
    this.compacted = rev;
  }

  range(op: Range): OperationResult {
    this.#checkRange(op);
    return this.#range(op, this.revision);
  }

  #checkRange(op: Range): void {
    if (op.revision > this.revision) throw new Refused('future-revision');
    if (op.revision > 0 && op.revision < this.compacted) throw new Refused('compacted');
  }

  #range(op: Range, now: number): OperationResult {
    const all = this.at(op.revision > 0 ? op.revision : now).filter((kv) => inside(op, kv.key));
    if (op.countOnly) return { kind: 'range', kvs: [], more: false, count: all.length };
    const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = op;
    let kvs = all
      .filter((kv) => minModRevision === 0 || kv.modRevision >= minModRevision)
      .filter((kv) => maxModRevision === 0 || kv.modRevision <= maxModRevision)
      .filter((kv) => minCreateRevision === 0 || kv.createRevision >= minCreateRevision)
      .filter((kv) => maxCreateRevision === 0 || kv.createRevision <= maxCreateRevision);
    const by: Record<Range['target'], (a: KeyValue, b: KeyValue) => number> = {
      key: (a, b) => order(a.key, b.key),
      version: (a, b) => a.version - b.version,
      create: (a, b) => a.createRevision - b.createRevision,
      mod: (a, b) => a.modRevision - b.modRevision,
      value: (a, b) => order(a.value, b.value),
    };
    const filtered = minModRevision + maxModRevision + minCreateRevision + maxCreateRevision > 0;
    // One more than are wanted tells that there are more.
    if (op.order === 'none' && !filtered && op.limit > 0) kvs = kvs.slice(0, op.limit + 1);
    if (op.order === 'descend') kvs.sort((a, b) => by[op.target](b, a));
    else kvs.sort(by[op.target]);
    const more = op.limit > 0 && kvs.length > op.limit;
    if (more) kvs = kvs.slice(0, op.limit);
    if (op.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: new Uint8Array(0) }));
    return { kind: 'range', kvs, more, count: all.length };
  }

  /** Decides and checks on the state as it is, and returns what carries it out. */
  #prepare(op: Operation): (main: number) => OperationResult {
    switch (op.kind) {
      case 'range':
        this.#checkRange(op);
        return (main) => this.#range(op, main);
      case 'put':
        if (op.ignoreValue && this.#find(op.key) === undefined) throw new Refused('key-not-found');
        return (main) => this.#put(op, main);
      case 'delete-range':
        return (main) => this.#delete(op, main);
      case 'txn': {
        const succeeded = op.compare.every((compare) => this.#holds(compare));
        const steps = (succeeded ? op.success : op.failure).map((step) => this.#prepare(step));
        return (main) => ({ kind: 'txn', succeeded, results: steps.map((step) => step(main)) });
      }
    }
  }

  #find(key: Uint8Array): KeyValue | undefined {
    return this.at(Number.POSITIVE_INFINITY).find((kv) => order(kv.key, key) === 0);
  }

  #put(op: Put, main: number): OperationResult {
    const old = this.#find(op.key);
    this.#changes.push({
      main,
      kv: {
        key: op.key,
        value: op.ignoreValue ? (old?.value ?? op.value) : op.value,
        createRevision: old?.createRevision ?? revision(main),
        modRevision: revision(main),
        version: (old?.version ?? 0) + 1,
        lease: op.lease,
      },
    });
    return op.prevKv && old ? { kind: 'put', prevKv: old } : { kind: 'put' };
  }

  #delete(op: DeleteRange, main: number): OperationResult {
    const found = this.at(main).filter((kv) => inside(op, kv.key));
    for (const kv of found) this.#changes.push({ main, kv: { ...kv, value: undefined } });
    return { kind: 'delete-range', deleted: found.length, prevKvs: op.prevKv ? found : [] };
  }

  #holds(compare: Compare): boolean {
    const found = this.at(this.revision).filter((kv) => inside(compare, kv.key));
    const { against, result } = compare;
    const verdict = (difference: number): boolean =>
      ({ equal: difference === 0, 'not-equal': difference !== 0, greater: difference > 0, less: difference < 0 })[
        result
      ];
    const difference = (kv: KeyValue | undefined): number => {
      switch (against.target) {
        case 'value':
          return order(kv?.value ?? new Uint8Array(0), against.value);
        case 'lease':
          return Number((kv?.lease ?? 0n) - against.lease);
        case 'version':
          return (kv?.version ?? 0) - against.number;
        case 'create':
          return (kv?.createRevision ?? 0) - against.number;
        case 'mod':
          return (kv?.modRevision ?? 0) - against.number;
      }
    };
    if (found.length === 0) return against.target !== 'value' && verdict(difference(undefined));
    return found.every((kv) => verdict(difference(kv)));
  }
}
