import { shellArgument } from '#templates';
import type { Plan } from '../plan/plan.js';
import { prompter } from '../questions/ask.js';
import { askInOrder, otherAnswers, type Review } from '../questions/in-order.js';
import { back } from '../questions/interview.js';
import { type Path, pathsOf } from '../questions/paths.js';
import type { Answers } from '../questions/question.js';
import type { ExitCode } from '../report.js';
import { stageOf } from '../rotation/stage.js';
import type { Context } from './command.js';
import { dirFlag } from './next-lines.js';

const goOn = 'go-on';

/**
 * Asks what is wanted of a cluster that is there, and does it by the command that does it.
 * @returns undefined: to go on with the plan as it is
 * @throws WizardError `cancelled`, and what the command throws
 */
export async function guided(context: Context, plan: Plan): Promise<ExitCode | undefined> {
  const paths = pathsOf({ plan, stage: await stageOf(context.dir) });
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
    const answers = await askInOrder(path.questions, prompter, (given) => agree(context, path, given));
    if (answers === back) continue;
    const words = path.command(answers);
    if (path.agreement !== 'here') sayTyped(context, words);
    return context.run(words);
  }
}

const sayTyped = ({ terminal, givenDir }: Context, words: readonly string[]): void =>
  terminal.say(terminal.paint('dim', `quorate ${words.map(shellArgument).join(' ')}${dirFlag(givenDir)}`));

/** The command is shown, and nothing done before it is agreed to. @throws WizardError `cancelled` */
async function agree(context: Context, path: Path, answers: Answers): ReturnType<Review> {
  if (path.agreement !== 'here') return 'agreed';
  sayTyped(context, path.command(answers));
  const run = await prompter.ask({ kind: 'yes-no', id: 'run', message: 'Run it?', default: true }, true);
  if (run === back) return back;
  return run === true ? 'agreed' : otherAnswers;
}
