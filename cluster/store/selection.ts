import type { Range } from '../operations/kv.js';
import type { Found } from './history.js';

// Filters and order of a range. The count comes before both.

type LoadValue = (found: Found) => Uint8Array;
type Filters = Pick<Range, 'minModRevision' | 'maxModRevision' | 'minCreateRevision' | 'maxCreateRevision'>;

/**
 * Keys come in ascending order by themselves; any other order that was asked for, or a filter, needs all of them before the
 * limit. As in etcd a target without an order sorts only what the limit has left.
 */
export const needsAll = (op: Range): boolean => (op.order !== 'none' && !isNatural(op)) || isFiltered(op);

/** Whether keys are answered as they come, one after the other. */
export const isPlain = (op: Range): boolean => isNatural(op) && !isFiltered(op);

export function selection(op: Range, found: readonly Found[], load: LoadValue): readonly Found[] {
  const kept = isFiltered(op) ? found.filter((version) => passes(op, version)) : found;
  return isNatural(op) ? kept : sorted(op, kept, load);
}

/** Whether the answer is in the order of its keys. */
export const isNatural = ({ target, order }: Range): boolean => target === 'key' && order !== 'descend';

const isFiltered = (op: Filters): boolean =>
  op.minModRevision !== 0 || op.maxModRevision !== 0 || op.minCreateRevision !== 0 || op.maxCreateRevision !== 0;

/** Only 0 is no bound: nothing is at or below a negative one, as in etcd. */
const between = (value: number, min: number, max: number): boolean => value >= min && (max === 0 || value <= max);

const passes = (op: Filters, { mod, create }: Found): boolean =>
  between(mod.main, op.minModRevision, op.maxModRevision) &&
  between(create, op.minCreateRevision, op.maxCreateRevision);

function sorted({ target, order }: Range, found: readonly Found[], load: LoadValue): Found[] {
  const sign = order === 'descend' ? -1 : 1;
  const loaded = target === 'value' ? found.map((version) => ({ ...version, value: load(version) })) : [...found];
  return loaded.sort((a, b) => sign * orders[target](a, b));
}

const orders: Readonly<Record<Range['target'], (a: Found, b: Found) => number>> = {
  key: (a, b) => Buffer.compare(a.key, b.key),
  version: (a, b) => a.version - b.version,
  create: (a, b) => a.create - b.create,
  mod: (a, b) => a.mod.main - b.mod.main,
  value: (a, b) => Buffer.compare(a.value ?? new Uint8Array(0), b.value ?? new Uint8Array(0)),
};
