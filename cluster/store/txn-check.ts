import { ClusterError } from '../errors.js';
import type { KeyRange, Operation, Txn } from '../operations/kv.js';
import { IntervalSet } from './interval-set.js';
import { textOf } from './overlay.js';

/** What a branch may write, its nested txns whichever way they go. */
interface Footprint {
  readonly puts: ReadonlySet<string>;
  readonly deletes: readonly Interval[];
}

type Interval = readonly [from: string, to: string];

/**
 * Checks that no key is written twice by one branch, as far as etcd does and in its order: a nested txn's puts against the
 * puts and deletions of nested txns before it and the branch's own deletions, the branch's own puts against all of them.
 * The two branches of one nested txn exclude each other. Deletions may overlap. Needs no state: made before a txn is proposed.
 * Throws ClusterError duplicate-key.
 */
export function checkOverlaps({ success, failure }: Txn): void {
  footprintOf(success);
  footprintOf(failure);
}

function footprintOf(branch: readonly Operation[]): Footprint {
  const puts = new Set<string>();
  const deletes: Interval[] = branch.flatMap((op) => (op.kind === 'delete-range' ? [intervalOf(op)] : []));
  const deleted = new IntervalSet();
  for (const [from, to] of deletes) deleted.add(from, to);

  const refuseOverlap = (key: string): void => {
    if (deleted.covers(key)) throw duplicate(key, 'put and deleted');
  };
  for (const op of branch) {
    if (op.kind !== 'txn') continue;
    const [then, otherwise] = [footprintOf(op.success), footprintOf(op.failure)];
    for (const key of new Set([...then.puts, ...otherwise.puts])) {
      if (puts.has(key)) throw duplicate(key, 'put twice');
      refuseOverlap(key);
      puts.add(key);
    }
    for (const interval of [...then.deletes, ...otherwise.deletes]) {
      deletes.push(interval);
      deleted.add(...interval);
    }
  }
  for (const op of branch) {
    if (op.kind !== 'put') continue;
    const key = textOf(op.key);
    if (puts.has(key)) throw duplicate(key, 'put twice');
    refuseOverlap(key);
    puts.add(key);
  }
  return { puts, deletes };
}

/** etcd takes the end of "every key from here on", one zero byte, as it stands here, and so finds no key in that interval. */
function intervalOf({ key, end }: KeyRange): Interval {
  const from = textOf(key);
  return [from, end === undefined || end.length === 0 ? `${from}\0` : textOf(end)];
}

const shownMax = 64;

const duplicate = (key: string, what: string): ClusterError => {
  const shown = Buffer.from(key.slice(0, shownMax), 'latin1').toString();
  return new ClusterError('duplicate-key', `key ${JSON.stringify(shown)} is ${what} in one transaction`, {
    key: shown,
  });
};
