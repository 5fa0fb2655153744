import test from 'ava';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { defaultPlan, runModes } from '../../../wizard/plan/plan.js';
import { printPlan } from '../../../wizard/plan/print.js';
import { planFromAnswers } from '../../../wizard/questions/answers.js';
import { nextQuestion } from '../../../wizard/questions/catalogue.js';
import type { Observation } from '../../../wizard/questions/observation.js';
import { pathsOf } from '../../../wizard/questions/paths.js';
import type { Answer, TextQuestion } from '../../../wizard/questions/question.js';

// Every prompt, with what a person would not type: refused there with a reason, or harmless in all that is made of it.

const observed: Observation = { address: undefined, hasSystemd: false, hasKubelet: false, hasEtcd: false };
const surroundings = { probe: async () => undefined, observed };

const hostile: readonly string[] = [
  ...['', ' ', 'x'.repeat(100_000), '\u0000', 'a\u001b[2Jb', 'a\nb', 'a\r\nb', 'a\u202eb', 'a\u200bb', '\ud800'],
  ...['; rm -rf /', '$(id)', '`id`', '$HOME', "'", '"', '\\', '| cat', '&', '*', '~', '-rf', '--help'],
  ...['*x', '&x', '{}', '[', '!!js/function', '# x', ': x', 'x: y', '%', '@', 'null', 'true', '1e3', '0x10'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '../../etc/passwd', '/', '.', '..', 'a/../b', 'CON'],
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;

const whole = (question: TextQuestion, answer: string): string =>
  `${question.id} ${JSON.stringify(answer).slice(0, 30)}`;

for (const run of runModes)
  test(`a new cluster, run ${run}: every question`, async (t) => {
    let refused = 0;
    const ask = async (given: Readonly<Record<string, Answer>>): Promise<void> => {
      const answers: Record<string, Answer> = {};
      for (;;) {
        const question = await nextQuestion(answers, surroundings);
        if (question === undefined) break;
        answers[question.id] = given[question.id] ?? question.default;
      }
      const { plan } = planFromAnswers(answers);
      const text = printPlan(plan);
      t.false(obeyed.test(text), JSON.stringify(given));
      t.deepEqual(parsePlanText(text, 'printed').plan, plan);
    };
    const answers: Record<string, Answer> = { run };
    for (;;) {
      const question = await nextQuestion(answers, surroundings);
      if (question === undefined) break;
      if (question.kind === 'text')
        for (const answer of hostile) {
          const objection = await question.objection(answer.trim());
          if (objection === undefined) await ask({ ...answers, [question.id]: answer.trim() });
          else {
            refused += 1;
            t.true(objection.what.length > 0 && objection.what.length < 1_000, whole(question, answer));
            t.false(obeyed.test(objection.what + (objection.hint ?? '')), whole(question, answer));
          }
        }
      answers[question.id] ??= question.default;
    }
    t.true(refused > 100);
    t.is(Object.getPrototypeOf({}), Object.prototype);
  });

test('a cluster that is there: every question of every way', async (t) => {
  let refused = 0;
  for (const path of pathsOf({ plan: defaultPlan, stage: 'none' }))
    for (const question of path.questions) {
      if (question.kind !== 'text') continue;
      for (const answer of hostile) {
        const objection = await question.objection(answer.trim());
        if (objection === undefined) {
          const words = path.command({ [question.id]: answer.trim(), role: 'root' });
          t.false(obeyed.test(words.join(' ')), whole(question, answer));
          continue;
        }
        refused += 1;
        t.true(objection.what.length > 0 && objection.what.length < 1_000, whole(question, answer));
        t.false(obeyed.test(objection.what + (objection.hint ?? '')), whole(question, answer));
      }
    }
  t.true(refused > 100);
});
