import { readAccess } from '../../access/live.js';
import { accessMatrix } from '../../access/matrix.js';
import { rightsLines } from '../../access/words.js';
import { publicFile } from '../../artifacts/artifact.js';
import { writeOutput } from '../../output.js';
import { matrixPage } from '../../pages/matrix-page.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { connect } from '../../run/store-connection.js';
import { printable } from '../../shown.js';
import type { Context, Given } from '../command.js';

/** `quorate access matrix` */
export async function matrix(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, signal, now } = context;
  const { client, authIsOn } = await connect(context, given);
  try {
    const found = accessMatrix(await readAccess(client, signal));
    const users = found.rows.map(({ user, roles, rights }) => ({ user, roles, may: rightsLines(rights) }));
    if (typeof given.html === 'string') {
      const page = matrixPage(found, `Who may do what: ${client.endpoints.join(', ')}`, now());
      await writeOutput(terminal, given.html, page, publicFile);
    } else if (given.json === true) terminal.json({ authIsOn, users });
    else
      for (const { user, roles, may } of users) {
        terminal.result(`${terminal.paint('bold', printable(user))} (${roles.map(printable).join(', ') || 'no role'})`);
        for (const line of may.length === 0 ? ['nothing'] : may) terminal.result(`  ${line}`);
      }
    if (!authIsOn) terminal.say('auth is off: everybody may do everything');
    return exitCodes.done;
  } finally {
    client.close();
  }
}
