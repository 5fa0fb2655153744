import { declarationOf, printDeclaration } from '../../access/export.js';
import { readAccess } from '../../access/live.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { connect } from '../../run/store-connection.js';
import type { Context, Given } from '../command.js';

/** `quorate access export` */
export async function exportAccess(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, signal } = context;
  const { client } = await connect(context, given);
  try {
    const declared = declarationOf(await readAccess(client, signal));
    if (given.json === true) terminal.json({ access: declared });
    else terminal.result(printDeclaration(declared).trimEnd());
    terminal.say(
      `${declared.roles.length} roles, ${declared.users.length} users; passwords can not be read, and are not in it`,
    );
    return exitCodes.done;
  } finally {
    client.close();
  }
}
