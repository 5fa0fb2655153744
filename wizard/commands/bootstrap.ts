import { type ExitCode, exitCodes } from '../report.js';
import { bootstrap as bringAccess } from '../run/bootstrap.js';
import { connectAsRoot } from '../run/cluster-client.js';
import type { Context, Given } from './command.js';
import { readPlan } from './plan-file.js';

/** `quorate bootstrap` */
export async function bootstrap(context: Context, { json }: Given): Promise<ExitCode> {
  const { terminal, dir, signal } = context;
  const plan = await readPlan(context);
  const client = await connectAsRoot(plan, dir);
  try {
    const done = await bringAccess(client, plan, dir, signal);
    if (json === true) terminal.json({ done });
    for (const line of done) terminal.say(line);
    terminal.say(
      done.length === 0
        ? 'users, roles and auth were as the plan wants them'
        : 'users, roles and auth are as the plan wants them',
    );
    return exitCodes.done;
  } finally {
    client.close();
  }
}
