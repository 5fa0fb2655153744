import { passwordObjection } from '../apply/passwords.js';
import type { Objection } from '../plan/complaints.js';
import { defaultPlan } from '../plan/plan.js';
import { answeredUsers, answerObjection, memberCount, membersMax, nobody } from './answers.js';
import { parseMemberLine, printMemberLine } from './member-line.js';
import type { Observation } from './observation.js';
import { freePorts, portObjection } from './ports.js';
import { type Answers, type ChoiceQuestion, type Question, type TextQuestion, textAnswer } from './question.js';
import type { Surroundings } from './surroundings.js';

// What the wizard asks, in order. Which question comes next depends on the answers so far and on nothing else.

const runQuestion = ({ hasSystemd, hasKubelet }: Observation): ChoiceQuestion => ({
  kind: 'choice',
  id: 'run',
  message: 'What is it to be',
  default: defaultPlan.cluster.run,
  choices: [
    { value: 'local', label: 'try it here', description: 'all members on this machine, started by quorate up' },
    {
      value: 'systemd',
      label: 'servers with systemd',
      description: `a member on each host, as a systemd unit${hasSystemd ? '; this host has systemd' : ''}`,
    },
    {
      value: 'static-pod',
      label: 'control plane with static pods',
      description: `a member on each Kubernetes node, run by its kubelet${hasKubelet ? '; this host has one' : ''}`,
    },
  ],
});

const engineQuestion = ({ hasEtcd }: Observation): ChoiceQuestion => ({
  kind: 'choice',
  id: 'engine',
  message: 'Engine',
  default: defaultPlan.cluster.engine,
  choices: [
    {
      value: 'included',
      label: 'included',
      description: "Quorate's own store: nothing else to install, speaks the etcd v3 API",
    },
    {
      value: 'etcd',
      label: 'real etcd',
      description: `etcd itself, which ${hasEtcd ? 'is installed on this machine' : 'has to be installed'}`,
    },
  ],
});

const count: ChoiceQuestion = {
  kind: 'choice',
  id: 'count',
  message: 'Members',
  default: '3',
  choices: [
    { value: '1', label: '1', description: 'survives no loss: for trying out' },
    { value: '3', label: '3', description: 'survives the loss of one' },
    { value: '5', label: '5', description: 'survives the loss of two: each write waits for three' },
    {
      value: String(membersMax),
      label: String(membersMax),
      description: 'survives the loss of three: each write waits for four',
    },
  ],
};

function textQuestion(answers: Answers, id: string, message: string, proposal: string): TextQuestion {
  return {
    kind: 'text',
    id,
    message,
    default: proposal,
    objection: async (value) => answerObjection({ ...answers, [id]: value }),
  };
}

const earlierMembers = (answers: Answers, index: number) =>
  Array.from({ length: index }, (_, at) => parseMemberLine(textAnswer(answers, `member${at + 1}`)));

/** On this machine ports have to be free. Elsewhere the first member may well be this machine, and of the others names are the better guess. */
async function memberQuestion(
  answers: Answers,
  index: number,
  { probe, observed }: Surroundings,
): Promise<TextQuestion> {
  const id = `member${index + 1}`;
  const name = `m${index + 1}`;
  const local = answers.run === 'local';
  const earlier = earlierMembers(answers, index);
  const elsewhere = index === 0 ? (observed.address ?? name) : name;
  const host = local ? (earlier[0]?.host ?? '127.0.0.1') : elsewhere;
  const taken = new Set(earlier.flatMap(({ clientPort, peerPort }) => [clientPort, peerPort]));
  const ports = local ? await freePorts(index, host, taken, probe) : { clientPort: 2379, peerPort: 2380 };
  const message = `Member ${index + 1} of ${memberCount(answers)}: name and address`;
  const question = textQuestion(answers, id, message, printMemberLine({ name, host, ...ports }));
  const objection = async (value: string): Promise<Objection | undefined> =>
    (await question.objection(value)) ?? (local ? portObjection(parseMemberLine(value), probe) : undefined);
  return { ...question, objection };
}

function userName(answers: Answers, index: number): Question {
  const id = `user${index}Name`;
  const first = index === 1;
  const message = first ? `A user besides root (${nobody} for none)` : `Another user (${nobody} for none)`;
  const question = textQuestion(answers, id, message, first ? 'app' : nobody);
  return {
    ...question,
    objection: async (value) => {
      if (value === 'root') return { what: 'root is there already', hint: 'its kit is users/root' };
      return value === nobody ? undefined : question.objection(value);
    },
  };
}

const userAccess = (name: string, index: number): Question => ({
  kind: 'choice',
  id: `user${index}Access`,
  message: `What ${name} may do`,
  default: 'readwrite',
  choices: [
    { value: 'readwrite', label: 'read and write', description: 'the keys with a prefix' },
    { value: 'read', label: 'read', description: 'the keys with a prefix' },
    { value: 'root', label: 'everything', description: 'also manage users, roles and members, as root does' },
  ],
});

function userQuestions(answers: Answers, name: string, index: number): Question[] {
  const prefix = textQuestion(answers, `user${index}Prefix`, `The keys of ${name} begin with`, `/${name}/`);
  const password: Question = {
    kind: 'yes-no',
    id: `user${index}Password`,
    message: `May ${name} sign in with a password too? A certificate it has`,
    default: false,
  };
  const secret: Question = {
    kind: 'secret',
    id: `user${index}Secret`,
    message: `The password of ${name} (Enter to have one generated)`,
    default: '',
    objection: async (value) => (value === '' ? undefined : passwordObjection(value)),
  };
  return [
    userAccess(name, index),
    ...(answers[`user${index}Access`] === 'root' ? [] : [prefix]),
    password,
    ...(answers[`user${index}Password`] === true ? [secret] : []),
  ];
}

function accessQuestions(answers: Answers): Question[] {
  const users = answeredUsers(answers);
  const known = users.flatMap(({ name }, index) => [
    userName(answers, index + 1),
    ...userQuestions(answers, name, index + 1),
  ]);
  return [...known, userName(answers, users.length + 1)];
}

/** The first question that has no answer yet; undefined when all have one. */
export async function nextQuestion(answers: Answers, surroundings: Surroundings): Promise<Question | undefined> {
  const { observed } = surroundings;
  const open = (question: Question): boolean => answers[question.id] === undefined;
  const cluster = textQuestion(answers, 'cluster', 'Name of the cluster', defaultPlan.cluster.name);
  const general = [runQuestion(observed), cluster, engineQuestion(observed), count].find(open);
  if (general !== undefined) return general;
  for (let index = 0; index < memberCount(answers); index += 1) {
    if (answers[`member${index + 1}`] === undefined) return memberQuestion(answers, index, surroundings);
  }
  return accessQuestions(answers).find(open);
}
