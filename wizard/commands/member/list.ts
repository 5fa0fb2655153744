import { idText } from '#cluster';
import { columns } from '../../columns.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { connectAsRoot } from '../../run/cluster-client.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** `quorate member list` */
export async function list(context: Context, { json }: Given): Promise<ExitCode> {
  const { terminal, dir, signal } = context;
  const client = await connectAsRoot(await readPlan(context), dir);
  try {
    const members = await client.memberList({ signal });
    if (json === true) terminal.json({ members: members.map((member) => ({ ...member, id: idText(member.id) })) });
    else {
      const rows = members.map(({ id, name, learner, clientUrls, peerUrls }) => [
        ...[name || '(never started)', learner ? 'learner' : 'voter', idText(id)],
        ...[clientUrls.join(', ') || '-', peerUrls.join(', ')],
      ]);
      for (const line of columns([['MEMBER', 'VOTES', 'ID', 'CLIENTS', 'PEERS'], ...rows])) terminal.result(line);
    }
    return exitCodes.done;
  } finally {
    client.close();
  }
}
