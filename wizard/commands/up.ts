import { type ExitCode, exitCodes } from '../report.js';
import { down } from '../run/down.js';
import type { Context, Given } from './command.js';
import { linesToTry } from './next-lines.js';
import { readPlan } from './plan-file.js';
import { start } from './start.js';

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
    // The members are processes of their own: nothing else keeps this one alive.
    const alive = setInterval(() => {}, 60_000);
    signal.addEventListener('abort', () => clearInterval(alive), { once: true });
  });

/** `quorate up` */
export async function up(context: Context, { detach }: Given): Promise<ExitCode> {
  const { terminal, dir, givenDir, signal } = context;
  const plan = await readPlan(context);
  await start(plan, context);
  for (const line of linesToTry(plan, dir, givenDir)) terminal.result(line);
  if (detach === true) return exitCodes.done;
  terminal.say('Ctrl-C stops the members.');
  await untilAborted(signal);
  terminal.say(`stopped ${(await down(plan, dir)).join(', ')}`);
  return exitCodes.done;
}
