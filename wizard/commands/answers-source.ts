import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { WizardError } from '../errors.js';
import { parsePlanText, type ReadPlan } from '../plan/parse.js';
import { defaultPlan, type Plan } from '../plan/plan.js';
import { chosenPasswords, planFromAnswers } from '../questions/answers.js';
import type { choose } from '../questions/ask.js';
import type { Interview } from '../questions/interview.js';
import type { Answer, Question } from '../questions/question.js';
import type { Place } from '../questions/walk.js';
import { sayComplaint } from '../report.js';
import type { Terminal } from '../terminal.js';
import type { Context } from './command.js';

// Where the wizard's answers come from: a file, a person, or the defaults.

export interface Answered {
  readonly plan: Plan;
  /** Passwords that were typed, by user. */
  readonly passwords: ReadonlyMap<string, string>;
}

export interface AnswerSource {
  /** All of them; asks what is not known. @throws WizardError `cancelled` */
  answer(): Promise<Answered>;
  /** Whether there is to be another answer; false: nobody wants that, or can. @throws WizardError `cancelled` */
  reconsider(): Promise<boolean>;
}

const stdin = '-';

async function readAnswers(file: string): Promise<ReadPlan> {
  if (file === stdin) return parsePlanText(await text(process.stdin), 'stdin');
  try {
    return parsePlanText(await readFile(file, 'utf8'), file);
  } catch (cause) {
    if (cause instanceof WizardError) throw cause;
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new WizardError(
      'files-refused',
      `the answers can't be read: ${what}`,
      { file },
      { hint: 'check the path', cause },
    );
  }
}

/** A person, who may come back to any of the answers. */
class Asked implements AnswerSource {
  readonly #interview: Interview;
  readonly #choose: typeof choose;
  #place: Place | undefined;

  constructor(interview: Interview, chooseOne: typeof choose) {
    this.#interview = interview;
    this.#choose = chooseOne;
  }

  async answer(): Promise<Answered> {
    this.#place = await this.#interview.finish();
    const { answers } = this.#place;
    return { plan: planFromAnswers(answers).plan, passwords: chosenPasswords(answers) };
  }

  async reconsider(): Promise<boolean> {
    const { asked = [], answers = {} } = this.#place ?? {};
    const leave = { value: '', label: 'leave', description: 'nothing is written' };
    const choices = asked.map((question) => ({
      value: question.id,
      label: `${question.message}: ${shown(question, answers[question.id])}`,
      description: 'answer it again; answers that follow from it may be asked again, too',
    }));
    const id = await this.#choose('Which answer is to be another', [...choices, leave]);
    if (id === leave.value) return false;
    this.#interview.forget(id);
    return true;
  }
}

function shown(question: Question, answer: Answer | undefined): string {
  if (question.kind === 'secret') return answer === '' ? 'made up' : 'as typed';
  if (question.kind === 'yes-no') return answer === true ? 'yes' : 'no';
  if (question.kind === 'text') return String(answer);
  return question.choices.find(({ value }) => value === answer)?.label ?? String(answer);
}

async function askedSource({ terminal }: Context): Promise<AnswerSource> {
  const [{ choose, prompter }, { Interview }, { observeMachine }, { probePort }] = await Promise.all([
    import('../questions/ask.js'),
    import('../questions/interview.js'),
    import('../questions/observation.js'),
    import('../questions/ports.js'),
  ]);
  terminal.say(howToAnswer(terminal));
  return new Asked(new Interview(prompter, { probe: probePort, observed: observeMachine() }), choose);
}

const howToAnswer = ({ plain }: Terminal): string =>
  `Enter takes what is proposed, ${plain ? '<' : 'Esc'} goes back to the question before, Ctrl-C leaves. Nothing is written before the end.`;

/** Answers that nobody comes back to. */
export const settled = (answered: Answered): AnswerSource => ({
  answer: async () => answered,
  reconsider: async () => false,
});

/** @throws WizardError `plan-refused`, `files-refused`, `cancelled` */
export async function answersFrom(context: Context, file: string | undefined, ask: boolean): Promise<AnswerSource> {
  const passwords = new Map<string, string>();
  if (file !== undefined) {
    const { plan, warnings } = await readAnswers(file);
    for (const warning of warnings) sayComplaint(context.terminal, warning);
    return settled({ plan, passwords });
  }
  return ask ? askedSource(context) : settled({ plan: defaultPlan, passwords });
}
