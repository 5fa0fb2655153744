import { WizardError } from '../errors.js';
import type { Objection } from '../plan/complaints.js';
import { parsePlan, type ReadPlan } from '../plan/parse.js';
import { defaultPki, planVersion } from '../plan/plan.js';
import { parseMemberLine } from './member-line.js';
import { type Answers, textAnswer } from './question.js';

// Answers -> a plan, by way of the plan's own parser.

export const membersMax = 7;
const usersMax = 100;

/** What is typed for "nobody". */
export const nobody = '-';

export const memberCount = (answers: Answers): number => Number(textAnswer(answers, 'count', '0'));

const indexesUpTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

interface UserAnswers {
  readonly name: string;
  readonly access: string;
  readonly prefix: string;
  readonly password: boolean;
}

/** The users that have been named so far, in order. */
export function answeredUsers(answers: Answers): readonly UserAnswers[] {
  const named = indexesUpTo(usersMax).map((index) => ({
    index,
    name: textAnswer(answers, `user${index}Name`, nobody),
  }));
  const end = named.findIndex(({ name }) => name === nobody);
  return named.slice(0, end).map(({ index, name }) => ({
    name,
    access: textAnswer(answers, `user${index}Access`, 'read'),
    prefix: textAnswer(answers, `user${index}Prefix`, '/'),
    password: answers[`user${index}Password`] === true,
  }));
}

const roleNames: Readonly<Record<string, string>> = { readwrite: 'writer', read: 'reader' };

/** A role of one's own a user; `root` needs none. */
function accessOf(users: readonly UserAnswers[]): object {
  const owners = users.filter(({ access }) => access !== 'root');
  const roleOf = ({ name, access }: UserAnswers): string =>
    access === 'root' ? 'root' : `${name}-${roleNames[access]}`;
  return {
    roles: owners.map((user) => ({ name: roleOf(user), permissions: [{ access: user.access, prefix: user.prefix }] })),
    users: users.map((user) => ({ name: user.name, roles: [roleOf(user)], password: user.password })),
  };
}

/**
 * The plan that the answers so far make, as if the others had been left out.
 *
 * @throws WizardError `plan-refused`, `answer-refused`
 */
export function planFromAnswers(answers: Answers): ReadPlan {
  const lines = indexesUpTo(memberCount(answers)).map((index) => answers[`member${index}`]);
  const members = lines.filter((line) => typeof line === 'string').map(parseMemberLine);
  const plan = {
    version: planVersion,
    cluster: { name: textAnswer(answers, 'cluster'), engine: answers.engine, run: answers.run },
    // Before the first member is known there is one in its place: every other rule can be asked already.
    members: members.length > 0 ? members : [{ name: 'm1', host: 'm1' }],
    pki: defaultPki,
    access: accessOf(answeredUsers(answers)),
  };
  return parsePlan(plan, 'the answers');
}

/** Passwords that were typed, by user. */
export function chosenPasswords(answers: Answers): ReadonlyMap<string, string> {
  return new Map(
    answeredUsers(answers).flatMap(({ name, password }, index) => {
      const secret = textAnswer(answers, `user${index + 1}Secret`);
      return password && secret !== '' ? [[name, secret] as const] : [];
    }),
  );
}

/** What the plan's rules have against one more answer. */
export const answerObjection = (answers: Answers): Objection | undefined =>
  refusalOf(() => {
    planFromAnswers(answers);
  });

/** The first reason for which a plan, or an answer to it, is refused; undefined when it is not. */
export function refusalOf(parse: () => void): Objection | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (!(error instanceof WizardError)) throw error;
    const complaint = error.complaints.find(({ severity }) => severity === 'error');
    const hint = complaint === undefined ? error.hint : complaint.hint;
    return { what: complaint?.what ?? error.message, ...(hint === undefined ? {} : { hint }) };
  }
}
