import { type ExitCode, exitCodes } from '../report.js';
import { down as takeDown } from '../run/down.js';
import type { Context, Given } from './command.js';
import { checkPlanIsThere } from './plan-file.js';

/** `quorate down`: works with a plan that is refused, too. */
export async function down(context: Context, { json }: Given): Promise<ExitCode> {
  const { terminal, dir } = context;
  await checkPlanIsThere(context);
  const stopped = await takeDown(dir);
  if (json === true) terminal.json({ stopped });
  terminal.say(
    stopped.length === 0 ? 'no member was running here' : `stopped ${stopped.join(', ')}; their data is kept`,
  );
  return exitCodes.done;
}
