import { type ExitCode, exitCodes, report } from '../report.js';
import { type StartedMember, stopMembers } from '../run/member-process.js';
import type { Context, Given } from './command.js';
import { endSignal, untilAborted } from './end-signal.js';
import { dirFlag, linesToTry } from './next-lines.js';
import { readPlan } from './plan-file.js';
import { start } from './start.js';

/** Stays with the members until it is told to end, and stops them then; or until they have all ended by themselves. */
async function attend(started: readonly StartedMember[], { terminal, dir, signal }: Context): Promise<ExitCode> {
  // The members are processes of their own: nothing else keeps this one alive.
  const alive = setInterval(() => {}, 60_000);
  const ends = started.map(async ({ ended }) => {
    const error = await ended;
    if (!signal.aborted) report(terminal, error);
    return error;
  });
  const errors = await Promise.race([untilAborted(signal), Promise.all(ends)]);
  clearInterval(alive);
  if (errors !== undefined)
    return errors.every(({ details }) => details.code === 0) ? exitCodes.done : exitCodes.failed;
  const stopped = await stopMembers(
    dir,
    started.map(({ name }) => name),
  );
  terminal.say(`stopped ${stopped.join(', ')}; their data is kept`);
  return exitCodes.done;
}

/** `quorate up` */
export async function up(given: Context, { detach }: Given): Promise<ExitCode> {
  const signal = AbortSignal.any([given.signal, endSignal('SIGTERM', 'SIGHUP')]);
  const context = { ...given, signal };
  const { terminal, dir, givenDir } = context;
  const plan = await readPlan(context);
  const started = await start(plan, context);
  for (const line of linesToTry(plan, dir, givenDir)) terminal.result(line);
  if (detach === true) return exitCodes.done;
  if (started.length === 0) {
    terminal.say(`another run started them: quorate down${dirFlag(givenDir)} stops them`);
    return exitCodes.done;
  }
  terminal.say(`Ctrl-C stops ${started.map(({ name }) => name).join(', ')}.`);
  return attend(started, context);
}
