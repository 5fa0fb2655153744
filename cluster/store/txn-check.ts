import { ClusterError } from '../errors.js';
import type { KeyRange, Operation, Txn } from '../operations/kv.js';
import { IntervalSet } from './interval-set.js';
import { boundsOf } from './key-tree.js';
import { textOf } from './overlay.js';

/** What an operation may write. Of a nested txn only one branch runs: its two are side by side. */
interface Footprint {
  readonly puts: ReadonlySet<string>;
  readonly deletes: readonly (readonly [from: string, to: string | undefined])[];
}

const nothing: Footprint = { puts: new Set(), deletes: [] };

/**
 * The checks of a txn that need no state, to be made before it is proposed: no key is written twice by one branch,
 * whatever its nested txns choose, and there are at most `opsMax` operations; what a txn uses up its nested ones lack.
 * Throws ClusterError duplicate-key, too-many-ops.
 */
export function checkTxn(txn: Txn, opsMax: number): void {
  checkCount(txn, opsMax, opsMax);
  footprintOf(txn);
}

function checkCount(txn: Txn, budget: number, opsMax: number): void {
  const count = Math.max(txn.compare.length, txn.success.length, txn.failure.length);
  if (count > budget) {
    throw new ClusterError(
      'too-many-ops',
      `a transaction of ${count} operations, ${budget} are allowed here`,
      { count, budget, opsMax },
      { hint: 'split it, or raise --max-txn-ops' },
    );
  }
  for (const operation of [...txn.success, ...txn.failure]) {
    if (operation.kind === 'txn') checkCount(operation, budget - count, opsMax);
  }
}

function footprintOf(operation: Operation): Footprint {
  switch (operation.kind) {
    case 'range':
      return nothing;
    case 'put':
      return { puts: new Set([textOf(operation.key)]), deletes: [] };
    case 'delete-range':
      return { puts: new Set(), deletes: [intervalOf(operation)] };
    case 'txn':
      return union([branchFootprint(operation.success), branchFootprint(operation.failure)]);
  }
}

function branchFootprint(branch: readonly Operation[]): Footprint {
  const parts = branch.map(footprintOf);
  refuseDuplicates(parts);
  // A put against the deletes before it and, backwards, against those after it: its own operation's other branch is no conflict.
  refuseOverlaps(parts);
  refuseOverlaps(parts.toReversed());
  return union(parts);
}

function refuseDuplicates(parts: readonly Footprint[]): void {
  const seen = new Set<string>();
  for (const { puts } of parts) {
    for (const key of puts) {
      if (seen.has(key)) throw duplicate(key, 'put twice');
      seen.add(key);
    }
  }
}

function refuseOverlaps(parts: readonly Footprint[]): void {
  const deleted = new IntervalSet();
  for (const { puts, deletes } of parts) {
    for (const key of puts) if (deleted.covers(key)) throw duplicate(key, 'put and deleted');
    for (const [from, to] of deletes) deleted.add(from, to);
  }
}

const union = (parts: readonly Footprint[]): Footprint =>
  parts.length === 1 && parts[0] !== undefined
    ? parts[0]
    : {
        puts: new Set(parts.flatMap(({ puts }) => [...puts])),
        deletes: parts.flatMap(({ deletes }) => deletes),
      };

function intervalOf(range: KeyRange): readonly [string, string | undefined] {
  const { from, to } = boundsOf(range);
  return [from === undefined ? '' : textOf(from), to && textOf(to)];
}

const shownMax = 64;

const duplicate = (key: string, what: string): ClusterError => {
  const shown = Buffer.from(key.slice(0, shownMax), 'latin1').toString();
  return new ClusterError('duplicate-key', `key ${JSON.stringify(shown)} is ${what} in one transaction`, {
    key: shown,
  });
};
