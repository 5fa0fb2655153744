import { readFile } from 'node:fs/promises';
import type { Declared } from '../../access/access.js';
import { parseDeclared } from '../../access/declared.js';
import { WizardError } from '../../errors.js';
import { sayComplaint } from '../../report.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** What is declared in --file, else in DIR's plan. @throws WizardError `usage`, `files-refused`, `plan-missing`, `plan-refused` */
export async function readDeclaration(context: Context, { file, endpoints }: Given): Promise<Declared> {
  if (typeof file === 'string') {
    const text = await readFile(file, 'utf8').catch((cause: Error) => {
      throw new WizardError('files-refused', `--file can't be read: ${cause.message}`, { file }, { cause });
    });
    const { declared, warnings } = parseDeclared(text, file);
    for (const warning of warnings) sayComplaint(context.terminal, warning);
    return declared;
  }
  if (endpoints === undefined) return (await readPlan(context)).access;
  const hint = 'quorate access export prints what is there: begin with that';
  throw new WizardError('usage', '--endpoints names another cluster, and --file is missing', {}, { hint });
}
