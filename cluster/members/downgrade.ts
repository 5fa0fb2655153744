import type { MaintenanceOperation } from '../operations/maintenance.js';
import type { Table, TableSource } from '../tables.js';

const key = Buffer.from('downgrade');

/**
 * The version that the cluster is to go back to, as replicated state: table `cluster`, under etcd's own key and in its JSON.
 * It is an announcement: a snapshot takes it along to the etcd that is restored from it.
 */
export class Downgrade {
  #table: Table;

  constructor(tables: TableSource) {
    this.#table = tables('cluster');
  }

  /** As "3.5.0"; undefined while none is under way. */
  get target(): string | undefined {
    const row = this.#table.get(key);
    if (row === undefined) return undefined;
    const { 'target-version': target, enabled } = JSON.parse(Buffer.from(row).toString()) as Record<string, unknown>;
    return enabled === true ? String(target) : undefined;
  }

  apply({ target }: Extract<MaintenanceOperation, { kind: 'downgrade' }>): void {
    const row = { 'target-version': target ?? '', enabled: target !== undefined };
    this.#table.put(key, Buffer.from(JSON.stringify(row)));
  }

  /** Goes over to the table of an installed snapshot. */
  reload(tables: TableSource): void {
    this.#table = tables('cluster');
  }
}
