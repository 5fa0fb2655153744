import type { RangeOptions, Table, TableSource } from '../../../cluster/tables.js';

/** Ordered tables without a disk, for what only needs somewhere to put its rows. */
export function memoryTables(): TableSource {
  const tables = new Map<string, Table>();
  return (name) => {
    const table = tables.get(name) ?? memoryTable();
    tables.set(name, table);
    return table;
  };
}

function memoryTable(): Table {
  const rows = new Map<string, Uint8Array>();
  const text = (key: Uint8Array): string => Buffer.from(key).toString('latin1');
  return {
    get: (key) => rows.get(text(key)),
    put: (key, value) => {
      rows.set(text(key), value);
    },
    delete: (key) => {
      rows.delete(text(key));
    },
    range: ({ from, to, reverse }: RangeOptions = {}) => {
      const keys = [...rows.keys()].sort().filter((key) => {
        return (from === undefined || key >= text(from)) && (to === undefined || key < text(to));
      });
      if (reverse) keys.reverse();
      return keys.map((key) => [Buffer.from(key, 'latin1'), rows.get(key) ?? Buffer.alloc(0)] as const);
    },
  };
}
