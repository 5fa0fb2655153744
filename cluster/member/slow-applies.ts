import { decodeCommand } from '../apply/command.js';
import type { Logger } from '../logger.js';
import type { Measures } from '../measures.js';
import { actionText } from '../operations/describe.js';
import type { Entry } from '../raft/types.js';
import { OccasionalLog } from '../transport/occasional-log.js';

/** Warns of entries that took long to apply: everybody waits behind them. In etcd's words, without values. */
export function slowApplies(logger: Logger, measures: Measures, slowMs: number) {
  const log = new OccasionalLog(logger, 1000);
  return (entry: Entry, tookMs: number): void => {
    measures.slowApplies += 1;
    if (entry.kind !== 'command') return;
    const fields = {
      took: `${tookMs.toFixed(3)}ms`,
      'expected-duration': `${slowMs}ms`,
      prefix: '',
      request: actionText(decodeCommand(entry.data, entry.index).action),
    };
    log.warn('apply request took too long', fields, 'slow');
  };
}
