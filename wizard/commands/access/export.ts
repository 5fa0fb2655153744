import { parseDeclared } from '../../access/declared.js';
import { declarationOf, printDeclaration } from '../../access/export.js';
import { readAccess } from '../../access/live.js';
import { WizardError } from '../../errors.js';
import { type ExitCode, exitCodes, sayComplaint } from '../../report.js';
import { connect } from '../../run/store-connection.js';
import type { Terminal } from '../../terminal.js';
import type { Context, Given } from '../command.js';

/** `quorate access export`: exit code 1 when something that is live can not be declared. */
export async function exportAccess(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, signal } = context;
  const { client } = await connect(context, given);
  try {
    const { declared, leftOut } = declarationOf(await readAccess(client, signal));
    const text = printDeclaration(declared);
    if (given.json === true) terminal.json({ access: declared, leftOut });
    else terminal.result(text.trimEnd());
    for (const each of leftOut) terminal.say(`warning: ${each}`);
    const isRead = isReadAgain(terminal, text);
    terminal.say(
      `${declared.roles.length} roles, ${declared.users.length} users; passwords can not be read, and are not in it`,
    );
    return isRead && leftOut.length === 0 ? exitCodes.done : exitCodes.failed;
  } finally {
    client.close();
  }
}

/** Stores have names that a plan would not give; what `access plan` will say of them is said now. */
function isReadAgain(terminal: Terminal, text: string): boolean {
  try {
    parseDeclared(text, 'what is exported');
    return true;
  } catch (error) {
    if (!(error instanceof WizardError)) throw error;
    for (const complaint of error.complaints) sayComplaint(terminal, complaint);
    terminal.say('access plan does not read it like that: change these names in the store, or leave them out');
    return false;
  }
}
