import { closeSync, openSync, writeSync } from 'node:fs';
import type { MemberConfig } from '../config/index.js';
import { ClusterError } from '../errors.js';
import { jsonLogger, type Logger } from '../logger.js';

const standard: Readonly<Record<string, number>> = { stdout: 1, stderr: 2 };

/** A line that can't be written, to a full disk or a pipe that nobody reads, is lost: a member does not fail for its log. */
function append(file: number, line: string): void {
  try {
    writeSync(file, line);
  } catch {
    // see above
  }
}

/**
 * The log that `--log-level` and `--log-outputs` describe. Files are appended to and made 0600.
 * @throws ClusterError flag-refused for a file that can't be opened
 */
export function openLogger({ logLevel, logOutputs }: Pick<MemberConfig, 'logLevel' | 'logOutputs'>): {
  readonly logger: Logger;
  close(): void;
} {
  const files = logOutputs.map((place) => standard[place] ?? openFile(place));
  const write = (line: string) => {
    for (const file of files) append(file, line);
  };
  return {
    logger: jsonLogger(write, logLevel),
    close: () => {
      for (const file of files) if (!Object.values(standard).includes(file)) closeSync(file);
    },
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ClusterError(
      'flag-refused',
      `--log-outputs: ${reason}`,
      { path },
      { cause, hint: 'name a file that this user may write, or stderr' },
    );
  }
}
