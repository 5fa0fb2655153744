import { back, type Prompter } from './interview.js';
import type { Answer, Answers, Question } from './question.js';

/** Questions that do not depend on one another. @returns `back`: from the first of them. @throws WizardError `cancelled` */
export async function askInOrder(questions: readonly Question[], prompter: Prompter): Promise<Answers | typeof back> {
  const answers: Record<string, Answer> = {};
  for (let at = 0; ; ) {
    const question = questions[at];
    if (question === undefined) return answers;
    const answer = await prompter.ask(question, true);
    if (answer === back && at === 0) return back;
    if (answer !== back) answers[question.id] = answer;
    at += answer === back ? -1 : 1;
  }
}
