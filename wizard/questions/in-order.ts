import { back, type Prompter } from './interview.js';
import { type Answer, type Answers, proposing, type Question } from './question.js';

/** Said in place of answers that would do: those questions again, please. */
export const otherAnswers = Symbol('other answers');

/** What becomes of all the answers: `back` is to the last question, `otherAnswers` to the first. */
export type Review = (answers: Answers) => Promise<'agreed' | typeof back | typeof otherAnswers>;

/**
 * Questions that do not depend on one another, until their answers are agreed to. What was said is proposed when a question comes again.
 * @returns `back`: from the first of them. @throws WizardError `cancelled`
 */
export async function askInOrder(
  questions: readonly Question[],
  prompter: Prompter,
  review: Review,
): Promise<Answers | typeof back> {
  const answers: Record<string, Answer> = {};
  for (let at = 0; at >= 0; ) {
    const question = questions[at];
    if (question === undefined) {
      const verdict = await review(answers);
      if (verdict === 'agreed') return answers;
      at = verdict === otherAnswers && questions.length > 0 ? 0 : questions.length - 1;
      continue;
    }
    const answer = await prompter.ask(proposing(question, answers[question.id]), true);
    if (answer !== back) answers[question.id] = answer;
    at += answer === back ? -1 : 1;
  }
  return back;
}
