import { nextQuestion } from './catalogue.js';
import type { Answer, Answers, Question } from './question.js';
import type { Surroundings } from './surroundings.js';

/** How far the questions have come. */
export interface Place {
  /** Those that are answered, in the order in which they are asked. */
  readonly asked: readonly Question[];
  /** Theirs, and no others. */
  readonly answers: Answers;
  /** The next one; undefined when all are answered. */
  readonly open: Question | undefined;
}

/** Whether an answer to an earlier form of the question is one to it as it is now. */
async function fits(question: Question, answer: Answer): Promise<boolean> {
  if (question.kind === 'yes-no') return typeof answer === 'boolean';
  if (typeof answer !== 'string') return false;
  if (question.kind === 'choice') return question.choices.some(({ value }) => value === answer);
  return (await question.objection(answer)) === undefined;
}

/**
 * Asks what is known already before anybody else: an answer that was changed may leave later ones without their question, or make them
 * wrong. Those are forgotten or asked again, and all others stand.
 */
export async function walk(known: Answers, surroundings: Surroundings): Promise<Place> {
  const asked: Question[] = [];
  let answers: Answers = {};
  for (;;) {
    const open = await nextQuestion(answers, surroundings);
    const answer = open === undefined ? undefined : known[open.id];
    if (open === undefined || answer === undefined || !(await fits(open, answer))) return { asked, answers, open };
    asked.push(open);
    answers = { ...answers, [open.id]: answer };
  }
}
