import { writeSync } from 'node:fs';
import type { LogConfig, LogRotation } from '../config/index.js';
import { ClusterError } from '../errors.js';
import { consoleLine, jsonLine, jsonLogger, type Logger } from '../logger.js';
import { RotatingFile, type Rotation } from './rotating-file.js';

const standard: Readonly<Record<string, number>> = { stdout: 1, stderr: 2 };

interface Output {
  append(line: Buffer): void;
  close?(): Promise<void>;
}

const rotationOf = ({ megabytesMax, ...rest }: LogRotation): Rotation => ({
  ...rest,
  bytesMax: megabytesMax * 2 ** 20,
});

/**
 * The log that `--log-level`, `--log-format`, `--log-outputs` and the rotation flags describe. Files are appended to and
 * made 0600.
 * @throws ClusterError flag-refused for a file that can't be opened
 */
export function openLogger({ logLevel, logFormat, logOutputs, logRotation }: LogConfig): {
  readonly logger: Logger;
  close(): Promise<void>;
} {
  const rotation = logRotation && rotationOf(logRotation);
  const outputs = logOutputs.map((place) => openOutput(place, rotation));
  const write = (line: string) => {
    const bytes = Buffer.from(line);
    for (const output of outputs) append(output, bytes);
  };
  const format = logFormat === 'console' ? consoleLine : jsonLine;
  return {
    logger: jsonLogger(write, logLevel, () => new Date(), format),
    close: async () => {
      for (const output of outputs) await output.close?.();
    },
  };
}

/** A line that can't be written, to a full disk or a pipe that nobody reads, is lost: a member does not fail for its log. */
function append(output: Output, line: Buffer): void {
  try {
    output.append(line);
  } catch {
    // see above
  }
}

function openOutput(place: string, rotation: Rotation | undefined): Output {
  const file = standard[place];
  if (file !== undefined) return { append: (line) => void writeSync(file, line) };
  try {
    return new RotatingFile(place, rotation);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ClusterError(
      'flag-refused',
      `--log-outputs: ${reason}`,
      { path: place },
      { cause, hint: 'name a file that this user may write, or stderr' },
    );
  }
}
