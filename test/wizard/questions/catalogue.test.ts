import test from 'ava';
import { WizardError } from '../../../wizard/errors.js';
import { defaultPlan, runModes } from '../../../wizard/plan/plan.js';
import { chosenPasswords, planFromAnswers } from '../../../wizard/questions/answers.js';
import { nextQuestion } from '../../../wizard/questions/catalogue.js';
import { parseMemberLine, printMemberLine } from '../../../wizard/questions/member-line.js';
import type { Observation } from '../../../wizard/questions/observation.js';
import type { PortProbe } from '../../../wizard/questions/ports.js';
import type { Answer, Answers, Question } from '../../../wizard/questions/question.js';

const allFree: PortProbe = async () => undefined;
const observed: Observation = { address: undefined, hasSystemd: false, hasKubelet: false, hasEtcd: false };

/** Answers every question by its id, and with Enter where nothing is given. */
async function answerAll(
  given: Readonly<Record<string, Answer>>,
  probe = allFree,
): Promise<{ answers: Answers; asked: Question[] }> {
  const answers: Record<string, Answer> = {};
  const asked: Question[] = [];
  for (;;) {
    const question = await nextQuestion(answers, { probe, observed });
    if (question === undefined) return { answers, asked };
    asked.push(question);
    const answer = given[question.id] ?? question.default;
    if ('objection' in question && typeof answer === 'string') {
      const objection = await question.objection(answer);
      if (objection !== undefined) throw new Error(`${question.id}: ${objection.what}`);
    }
    answers[question.id] = answer;
  }
}

test('Enter all the way through is the default plan', async (t) => {
  const { answers, asked } = await answerAll({});
  t.deepEqual(planFromAnswers(answers).plan, defaultPlan);
  t.is(asked.length, 12);
});

for (const count of ['1', '3', '5', '7']) {
  for (const run of runModes) {
    test(`Enter is an answer to every question for ${count} members with run ${run}`, async (t) => {
      const { answers } = await answerAll({ count, run });
      const { plan, warnings } = planFromAnswers(answers);
      t.is(plan.members.length, Number(count));
      t.is(plan.cluster.run, run);
      t.deepEqual(warnings, []);
    });
  }
}

test('several users are asked for until there are none, each with a role of its own', async (t) => {
  const { answers } = await answerAll({
    user1Access: 'read',
    user1Prefix: '/x',
    user2Name: 'ops',
    user2Access: 'root',
    user2Password: true,
    user2Secret: 'correct horse',
    user3Name: 'web',
  });
  t.deepEqual(planFromAnswers(answers).plan.access, {
    roles: [
      { name: 'app-reader', permissions: [{ access: 'read', prefix: '/x' }] },
      { name: 'web-writer', permissions: [{ access: 'readwrite', prefix: '/web/' }] },
    ],
    users: [
      { name: 'app', roles: ['app-reader'], password: false },
      { name: 'ops', roles: ['root'], password: true },
      { name: 'web', roles: ['web-writer'], password: false },
    ],
  });
  t.deepEqual([...chosenPasswords(answers)], [['ops', 'correct horse']]);
});

test('no user at all is an answer', async (t) => {
  const { answers } = await answerAll({ user1Name: '-' });
  t.deepEqual(planFromAnswers(answers).plan.access, { roles: [], users: [] });
});

test('ports that are in use are not proposed, and neither are those of an earlier member', async (t) => {
  const used: PortProbe = async (_host, port) =>
    port === 2380 || port === 22_379 ? { what: `${port} is in use` } : undefined;
  const { answers } = await answerAll({ member2: 'b 127.0.0.1:32379,32380' }, used);
  t.is(answers.member1, 'm1 127.0.0.1:2389,2390');
  t.is(answers.member3, 'm3 127.0.0.1:32389,32390');
});

/** The answers before, the question, a wrong answer and what is said to it. */
const wrongAnswers: readonly (readonly [
  id: string,
  wrong: string,
  said: RegExp,
  before?: Readonly<Record<string, Answer>>,
])[] = [
  ['cluster', '', /may not be empty/],
  ['cluster', 'a/b', /can't be a cluster name/],
  ['member1', 'm1', /is no member/],
  ['member1', '', /is no member/],
  ['member1', 'm1 10.0.0.1:2379,2380 more', /is no member/],
  ['member1', 'm_1 127.0.0.1', /can't be a member name/],
  ['member1', 'm1 0.0.0.0', /no address that others can dial/],
  ['member1', 'm1 127.0.0.300', /no IPv4 address/],
  ['member1', 'm1 127.0.0.1:70000', /70000 is no port/],
  ['member1', 'm1 127.0.0.1:1,1', /1 on 127\.0\.0\.1 is the peer port of m1 and the client port of m1/],
  ['member2', 'm1 127.0.0.1:1,2', /is already the name of members\[0\]/],
  ['member2', 'm2 127.0.0.1', /2379 on 127\.0\.0\.1 is the client port of m2 and/],
  ['member2', 'm2 10.0.0.2', /127\.0\.0\.1 is reached from its own host only/],
  ['member2', 'm2 m1:1,2', /m1 is the host of m1 too/, { run: 'systemd' }],
  ['user1Name', '', /may not be empty/],
  ['user1Name', '../x', /can't be a user name/],
  ['user1Name', 'm2', /is a member's name/],
  ['user1Name', 'root', /root is there already/],
  ['user2Name', 'App', /is already the name/],
  ['user1Secret', 'x'.repeat(73), /at most 72 bytes/, { user1Password: true }],
];

for (const [id, wrong, said, before = {}] of wrongAnswers) {
  test(`${JSON.stringify(wrong).slice(0, 40)} is refused as ${id} with the reason, at once`, async (t) => {
    const { asked } = await answerAll(before);
    const question = asked.find((one) => one.id === id);
    const objection = question !== undefined && 'objection' in question ? await question.objection(wrong) : undefined;
    t.regex(objection?.what ?? '', said);
  });
}

test('a port that is in use is refused for a member on this machine', async (t) => {
  const { asked } = await answerAll({}, async (host, port) =>
    port === 7777 ? { what: `${host} port 7777 is in use` } : undefined,
  );
  const question = asked.find(({ id }) => id === 'member1');
  const objection = question?.kind === 'text' ? await question.objection('m1 127.0.0.1:7777') : undefined;
  t.is(objection?.what, '127.0.0.1 port 7777 is in use');
});

for (const [text, member] of [
  ['m1 10.0.0.1', ['m1', '10.0.0.1', 2379, 2380]],
  ['m1 10.0.0.1:1', ['m1', '10.0.0.1', 1, 2]],
  ['  m1   h.example:1,5 ', ['m1', 'h.example', 1, 5]],
  ['m1 ::1', ['m1', '::1', 2379, 2380]],
  ['m1 [::1]', ['m1', '::1', 2379, 2380]],
  ['m1 [2001:db8::1]:7,8', ['m1', '2001:db8::1', 7, 8]],
] as const) {
  test(`${JSON.stringify(text)} is a member, and printed it is the same`, (t) => {
    const line = parseMemberLine(text);
    t.deepEqual<unknown, unknown>([line.name, line.host, line.clientPort, line.peerPort], member);
    t.deepEqual(parseMemberLine(printMemberLine(line)), line);
  });
}

for (const text of ['', 'm1', 'm1 a b', 'm1 [::1', 'm1 h:', 'm1 h:x', 'm1 h:1,', 'm1 h:1,2,3', 'm1 :1']) {
  test(`${JSON.stringify(text)} is no member`, (t) => {
    t.throws(() => parseMemberLine(text), { instanceOf: WizardError, code: 'answer-refused' });
  });
}
