import { createReadStream } from 'node:fs';
import { WizardError } from './errors.js';

const bytesMax = 4096;

/**
 * A secret in the first line of an open file descriptor: `3< file`, `3< <(command)` or, for 0, of stdin.
 * @throws WizardError `usage`
 */
export async function readDescriptor(
  flag: string,
  text: string | undefined,
  what = 'passphrase',
): Promise<string | undefined> {
  if (text === undefined) return undefined;
  const hint = `an open file descriptor, as in: ${flag} 3 3< ${what}.txt`;
  const refuse = (why: string, cause?: unknown): never => {
    throw new WizardError('usage', `${flag} ${text}: ${why}`, {}, { hint, cause });
  };
  if (!/^\d{1,6}$/.test(text)) return refuse('it is no number');
  let line = '';
  try {
    // Not beyond what is wanted: stdin may go on with an answers file.
    for await (const chunk of createReadStream('', {
      fd: Number(text),
      encoding: 'utf8',
      highWaterMark: bytesMax,
      autoClose: false,
    })) {
      line += chunk;
      if (line.includes('\n') || line.length > bytesMax) break;
    }
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
  line = line.split(/\r?\n/, 1)[0] ?? '';
  return line === '' ? refuse(`there is no ${what} in it`) : line;
}
