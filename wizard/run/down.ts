import { stopMembers } from './member-process.js';
import { recordedNames } from './pid-file.js';

/**
 * Stops every member that was started from DIR, also one that its plan does not name any more: the plan is not asked.
 * @returns the names of those that ran
 */
export const down = async (dir: string): Promise<readonly string[]> => stopMembers(dir, await recordedNames(dir));
