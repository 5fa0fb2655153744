import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isFolder, isSpecial, replaceFile } from '#pki';
import { WizardError } from './errors.js';
import type { Terminal } from './terminal.js';

/**
 * Writes to where a person said: `-` is stdout, a device or a pipe is written to, anything else is replaced by a whole file
 * and then named on stdout.
 * @throws WizardError `files-refused`, PkiError
 */
export async function writeOutput(terminal: Terminal, file: string, content: string, mode: number): Promise<void> {
  if (file === '-') {
    terminal.bytes(content);
    return;
  }
  const path = resolve(file);
  if ((await isSpecial(path)) && !(await isFolder(path))) {
    await writeFile(path, content).catch((cause: Error) => {
      const hint = 'name another file, or - for stdout';
      throw new WizardError('files-refused', `cannot write ${path}: ${cause.message}`, { path }, { cause, hint });
    });
    return;
  }
  await replaceFile(path, content, mode);
  terminal.result(path);
}
