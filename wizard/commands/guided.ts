import { shellArgument } from '#templates';
import type { Plan } from '../plan/plan.js';
import { askInOrder } from '../questions/in-order.js';
import { back } from '../questions/interview.js';
import { pathsOf } from '../questions/paths.js';
import type { ExitCode } from '../report.js';
import { stageOf } from '../rotation/stage.js';
import type { Context } from './command.js';

const goOn = 'go-on';

/**
 * Asks what is wanted of a cluster that is there, and does it by the command that does it.
 * @returns undefined: to go on with the plan as it is
 * @throws WizardError `cancelled`, and what the command throws
 */
export async function guided(context: Context, plan: Plan): Promise<ExitCode | undefined> {
  const { prompter } = await import('../questions/ask.js');
  const { terminal, dir } = context;
  const paths = pathsOf({ plan, stage: await stageOf(dir) });
  const asItIs = {
    value: goOn,
    label: plan.cluster.run === 'local' ? 'make it as its plan wants it, and start it' : 'make it as its plan wants it',
    description: 'changes nothing that is as it should be',
  };
  const choices = [asItIs, ...paths.map(({ id, label, description }) => ({ value: id, label, description }))];
  for (;;) {
    const message = `The cluster ${plan.cluster.name} is there. What is wanted`;
    const wanted = await prompter.ask({ kind: 'choice', id: 'path', message, choices, default: goOn }, false);
    const path = paths.find(({ id }) => id === wanted);
    if (path === undefined) return undefined;
    const answers = await askInOrder(path.questions, prompter);
    if (answers === back) continue;
    const words = path.command(answers);
    terminal.say(terminal.paint('dim', `quorate ${words.map(shellArgument).join(' ')}`));
    return context.run(words);
  }
}
