import type { Objection } from '../plan/complaints.js';

// A question as data: ask.ts puts it to a person, tests and answers files need no terminal.

export type Answer = string | boolean;
/** By the question's id. */
export type Answers = Readonly<Record<string, Answer>>;

interface Asked {
  readonly id: string;
  readonly message: string;
}

export interface TextQuestion extends Asked {
  readonly kind: 'text';
  readonly default: string;
  objection(value: string): Promise<Objection | undefined>;
}

export interface ChoiceQuestion extends Asked {
  readonly kind: 'choice';
  readonly default: string;
  readonly choices: readonly { readonly value: string; readonly label: string; readonly description: string }[];
}

export interface YesNoQuestion extends Asked {
  readonly kind: 'yes-no';
  readonly default: boolean;
}

/** Not shown while it is typed; empty has something generated. */
export interface SecretQuestion extends Asked {
  readonly kind: 'secret';
  readonly default: '';
  objection(value: string): Promise<Objection | undefined>;
}

export type Question = TextQuestion | ChoiceQuestion | YesNoQuestion | SecretQuestion;

/** The question with what was said to it before as its proposal. */
export const proposing = (question: Question, said: Answer | undefined): Question =>
  said === undefined || question.kind === 'secret' ? question : ({ ...question, default: said } as Question);

export const textAnswer = (answers: Answers, id: string, otherwise = ''): string => {
  const answer = answers[id];
  return typeof answer === 'string' ? answer : otherwise;
};
