import { type Plan, usersOf } from '../../plan/plan.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { outsidePlan } from '../../rotation/outside-plan.js';
import { rotate } from '../../rotation/rotate.js';
import { type Stage, stageOf } from '../../rotation/stage.js';
import { printable } from '../../shown.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

const words: Readonly<Record<Stage, string>> = {
  none: 'no rotation is under way',
  'both-trusted': 'the next authority is made, and is to be trusted everywhere beside the one that signs',
  'leaves-replaced': 'the new authority signs, the old one is still trusted: --finish drops it',
  'old-dropped': 'the old authority is being dropped: the same command completes it',
};

/** `quorate cert rotate-ca` */
export async function rotateCa(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, now, passphrases, signal } = context;
  const plan = await readPlan(context);
  const report = async (over: boolean): Promise<void> => {
    const stage = await stageOf(dir);
    if (given.json === true) terminal.json({ stage, over });
    else if (given.status === true) terminal.result(words[stage]);
  };
  if (given.status === true) {
    await report((await stageOf(dir)) === 'none');
    return exitCodes.done;
  }
  try {
    const over = await rotate({
      ...{ plan, dir, now, passphrases, signal, finish: given.finish === true },
      say: (text) => terminal.say(text),
      progress: (text) => terminal.progress(text),
    });
    terminal.endProgress();
    await report(over);
    if (over) return exitCodes.done;
    for (const line of await whatIsLeft(plan, dir, now())) terminal.say(line);
    return exitCodes.pending;
  } finally {
    terminal.endProgress();
  }
}

/** More than a person would go through one by one are in the ledger's list. */
const shownMax = 10;

/** What a person has to do before the old authority is dropped. */
async function whatIsLeft(plan: Plan, dir: string, now: Date): Promise<string[]> {
  const users = usersOf(plan);
  const away = users.filter(({ key }) => key === 'elsewhere').map(({ name }) => name);
  const others = await outsidePlan(plan, dir, now);
  const shown = others.slice(0, shownMax).map(({ profile, subject }) => `${profile} ${printable(subject)}`);
  const more = others.length > shownMax ? ` and ${others.length - shownMax} more` : '';
  return [
    `hand the kits out again, in users/: ${users.map(({ name }) => name).join(', ')}`,
    ...(away.length === 0 ? [] : [`those whose keys are elsewhere get NAME.crt and ca.crt: ${away.join(', ')}`]),
    ...(others.length === 0 ? [] : [`issue again what was issued by hand: ${shown.join(', ')}${more}`]),
    'then: quorate cert rotate-ca --finish; from then on certificates of the old authority are refused',
  ];
}
