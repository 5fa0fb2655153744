import type { Range } from '../operations/kv.js';
import type { Found } from './history.js';

// Filters and order of a range. The limit comes after both, the count before.

type LoadValue = (found: Found) => Uint8Array;
type Filters = Pick<Range, 'minModRevision' | 'maxModRevision' | 'minCreateRevision' | 'maxCreateRevision'>;

/** Keys come in ascending order by themselves; any other order, or a filter, needs all of them before the limit. */
export const needsAll = (op: Range): boolean => !isNatural(op) || isFiltered(op);

export function selection(op: Range, found: readonly Found[], load: LoadValue): readonly Found[] {
  const kept = isFiltered(op) ? found.filter((version) => passes(op, version)) : found;
  return isNatural(op) ? kept : sorted(op, kept, load);
}

const isNatural = ({ target, order }: Range): boolean => target === 'key' && order !== 'descend';

const isFiltered = (op: Filters): boolean =>
  op.minModRevision > 0 || op.maxModRevision > 0 || op.minCreateRevision > 0 || op.maxCreateRevision > 0;

const between = (value: number, min: number, max: number): boolean => value >= min && (max <= 0 || value <= max);

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
