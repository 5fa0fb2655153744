import { createPromptModule } from 'inquirer';
import { WizardError } from '../errors.js';
import type { Objection } from '../plan/complaints.js';
import { back, type Prompter } from './interview.js';
import { askPlainly, InputEnded, isPlain } from './plain.js';
import type { Answer, ChoiceQuestion, Question } from './question.js';

// The only file that knows inquirer. Prompts go to stderr: stdout is for results.

const objectionText = ({ what, hint }: Objection): string => (hint === undefined ? what : `${what}; ${hint}`);

type Judged = Question & { objection(value: string): Promise<Objection | undefined> };

const validator = (question: Judged) => async (value: string) => {
  const objection = await question.objection(question.kind === 'secret' ? value : value.trim());
  return objection === undefined ? true : objectionText(objection);
};

function prompt(question: Question): object {
  const { message } = question;
  const base = { name: 'answer', message, default: question.default };
  switch (question.kind) {
    case 'text':
      return { ...base, type: 'input', validate: validator(question) };
    case 'choice': {
      const choices = question.choices.map(({ value, label, description }) => ({ value, name: label, description }));
      return { ...base, type: 'select', choices };
    }
    case 'yes-no':
      return { ...base, type: 'confirm' };
    case 'secret':
      return { ...base, type: 'password', mask: true, validate: validator(question) };
  }
}

/** inquirer ends with this when Ctrl-C or Ctrl-D is typed. */
const isExit = (error: unknown): boolean => error instanceof Error && error.name === 'ExitPromptError';

async function throughInquirer(question: Question, mayGoBack: boolean): Promise<Answer | typeof back> {
  const goingBack = new AbortController();
  const onKey = (_: unknown, key: { readonly name?: string } | undefined): void => {
    if (mayGoBack && key?.name === 'escape') goingBack.abort();
  };
  process.stdin.on('keypress', onKey);
  const ask = createPromptModule({ output: process.stderr, signal: goingBack.signal });
  try {
    const { answer } = (await ask([prompt(question)] as never)) as { answer: Answer };
    return typeof answer === 'string' && question.kind !== 'secret' ? answer.trim() : answer;
  } catch (error) {
    if (goingBack.signal.aborted) return back;
    throw error;
  } finally {
    process.stdin.off('keypress', onKey);
  }
}

function cancelled(question: Question, cause: unknown): WizardError {
  const asksAgain = question.kind === 'secret' || question.id === 'change';
  const hint = asksAgain ? 'the same command asks again' : 'quorate init asks again';
  return new WizardError('cancelled', 'cancelled: nothing was written', {}, { hint, cause });
}

/** By inquirer, or line by line. What is not to be seen inquirer asks in both. */
export const prompter: Prompter = {
  async ask(question, mayGoBack) {
    const plain = isPlain() && question.kind !== 'secret';
    try {
      return await (plain ? askPlainly(question, mayGoBack) : throughInquirer(question, mayGoBack));
    } catch (error) {
      if (!isExit(error) && !(error instanceof InputEnded)) throw error;
      throw cancelled(question, error);
    }
  },
};

const askOne = (question: Question): Promise<Answer | typeof back> => prompter.ask(question, false);

/** One of several. @throws WizardError `cancelled` */
export const choose = async (message: string, choices: ChoiceQuestion['choices']): Promise<string> =>
  String(await askOne({ kind: 'choice', id: 'choice', message, choices, default: choices[0]?.value ?? '' }));

/** @throws WizardError `cancelled` */
export async function confirm(message: string): Promise<boolean> {
  return (await askOne({ kind: 'yes-no', id: 'confirm', message, default: true })) === true;
}

/** For what Enter alone should not do. @throws WizardError `cancelled` */
export async function confirmChange(message: string): Promise<boolean> {
  return (await askOne({ kind: 'yes-no', id: 'change', message, default: false })) === true;
}

/** Asks twice for what is not shown; empty when Enter is all that is typed. @throws WizardError `cancelled` */
export async function askSecret(message: string, object: (value: string) => Objection | undefined): Promise<string> {
  const ask = (text: string, objection: (value: string) => Objection | undefined): Promise<Answer | typeof back> =>
    askOne({ kind: 'secret', id: 'secret', message: text, default: '', objection: async (value) => objection(value) });
  const first = String(await ask(message, (value) => (value === '' ? undefined : object(value))));
  if (first === '') return first;
  await ask('The same again', (value) => (value === first ? undefined : { what: 'that is not the same' }));
  return first;
}

/** Asks once for what is not shown. @throws WizardError `cancelled` */
export const askKnownSecret = async (message: string): Promise<string> =>
  String(await askOne({ kind: 'secret', id: 'secret', message, default: '', objection: async () => undefined }));
