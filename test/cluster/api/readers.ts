import { HeldAnswers, type HeldLimits } from '../../../cluster/api/held-answers.js';
import type { Reader } from '../../../cluster/api/reader.js';
import { silentLogger } from '../../../cluster/logger.js';

const limits: HeldLimits = { connectionBytes: 1024 ** 2, allBytes: 16 * 1024 ** 2, stallMs: 1000 };

/** What is unread of all connections, with bounds that are not come up to unless told otherwise. */
export const heldAnswers = (options: Partial<HeldLimits> = {}): HeldAnswers =>
  new HeldAnswers({ ...limits, ...options }, silentLogger);

export const readerOf = (remote: string, held = heldAnswers(), end = (): void => {}): Reader =>
  held.reader(remote, end);
