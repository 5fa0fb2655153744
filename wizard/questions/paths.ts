import { existsSync } from 'node:fs';
import { permissionOf, rightsOf } from '../access/rights.js';
import { rightsLines } from '../access/words.js';
import type { Objection } from '../plan/complaints.js';
import { withMember, withUser } from '../plan/edit-text.js';
import { parsePlanText } from '../plan/parse.js';
import { localPorts, type Plan, type Role, root } from '../plan/plan.js';
import { printPlan } from '../plan/print.js';
import type { Stage } from '../rotation/stage.js';
import { quoted, unseen } from '../shown.js';
import { refusalOf } from './answers.js';
import { parseMemberLine } from './member-line.js';
import { type Answers, type ChoiceQuestion, type Question, type TextQuestion, textAnswer } from './question.js';

// What may be wanted of a cluster that is there already. Each way ends in a command that can be typed as well.

/** What the questions of a path look at. */
export interface Standing {
  readonly plan: Plan;
  /** Of the authority's rotation. */
  readonly stage: Stage;
}

export interface Path {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** Asked in this order. */
  readonly questions: readonly Question[];
  /** Where it is agreed to: not needed for what only reads. */
  readonly agreement: 'here' | 'asked by the command' | 'not needed';
  /** The words of the command, after `quorate`. */
  readonly command: (answers: Answers) => readonly string[];
}

const text = (
  id: string,
  message: string,
  proposal: string,
  object: (value: string) => Objection | undefined,
): TextQuestion => ({ kind: 'text', id, message, default: proposal, objection: async (value) => object(value) });

const choice = (
  id: string,
  message: string,
  choices: readonly (readonly [value: string, label: string, description: string])[],
): ChoiceQuestion => ({
  ...{ kind: 'choice', id, message, default: choices[0]?.[0] ?? '' },
  choices: choices.map(([value, label, description]) => ({ value, label, description })),
});

/** What can be the name of a file at all. */
function pathObjection(path: string): Objection | undefined {
  if (path === '') return { what: 'the name of a file is wanted' };
  // Linux's PATH_MAX.
  if (path.length >= 4096) return { what: `a path has less than 4096 characters, this one has ${path.length}` };
  return path.search(unseen) < 0 ? undefined : { what: `${quoted(path)} has a character that is not seen` };
}

const present = (path: string): Objection | undefined =>
  pathObjection(path) ?? (existsSync(path) ? undefined : { what: `there is no file ${quoted(path)}` });

const absent = (path: string): Objection | undefined =>
  pathObjection(path) ??
  (existsSync(path) ? { what: `${quoted(path)} is there already`, hint: 'name a new file' } : undefined);

/** By the plan's own rules. */
const userObjection =
  (plan: Plan) =>
  (name: string): Objection | undefined => {
    if (name === root) return { what: 'root is there already', hint: 'its kit is users/root' };
    return refusalOf(() => {
      parsePlanText(withUser(printPlan(plan), { name, roles: [root] }), 'the plan');
    });
  };

const grantsOf = ({ permissions }: Role): string =>
  rightsLines(rightsOf(permissions.map(permissionOf))).join(', ') || 'nothing yet';

const roleQuestion = ({ access }: Plan): Question =>
  choice('role', 'The role', [
    ...access.roles.map((role) => [role.name, role.name, grantsOf(role)] as const),
    [root, root, 'everything, users, roles and members included'],
  ]);

function newUser({ plan }: Standing): Path {
  return {
    id: 'new-user',
    label: 'new user',
    description: 'a certificate with its key, a store user with a role, and a kit to hand over',
    questions: [text('name', 'The name', 'ann', userObjection(plan)), roleQuestion(plan)],
    agreement: 'here',
    command: ({ name, role }) => ['user', 'add', String(name), '--role', String(role)],
  };
}

function approval({ plan }: Standing): Path {
  return {
    id: 'approve-user',
    label: 'new user, who sent a request',
    description: 'for a key that never leaves its machine: they typed quorate user request',
    questions: [text('file', 'The request', '', present), roleQuestion(plan)],
    agreement: 'asked by the command',
    command: ({ file, role }) => ['user', 'approve', String(file), '--role', String(role)],
  };
}

function userLeaves({ plan }: Standing): Path | undefined {
  const users = plan.access.users.filter(({ name }) => name !== root);
  if (users.length === 0) return undefined;
  const choices = users.map(({ name, roles }) => [name, name, roles.join(', ')] as const);
  return {
    id: 'user-leaves',
    label: 'user leaves',
    description: 'certificates revoked, store user deleted, kit set aside',
    questions: [choice('name', 'Who', choices)],
    agreement: 'asked by the command',
    command: ({ name }) => ['user', 'remove', String(name)],
  };
}

/** Elsewhere ports are etcd's own. */
function newMember({ plan }: Standing): Path {
  const name = `m${plan.members.length + 1}`;
  const isLocal = plan.cluster.run === 'local';
  const { clientPort } = localPorts(plan.members.length);
  const proposal = isLocal ? `${name} 127.0.0.1:${clientPort}` : `${name} ${name}`;
  const object = (line: string): Objection | undefined =>
    refusalOf(() => {
      parsePlanText(withMember(printPlan(plan), { ...parseMemberLine(line), joins: true }), 'the plan');
    });
  return {
    id: 'add-member',
    label: 'add a member',
    description: 'as a learner first, which counts for no majority until it has caught up',
    questions: [text('member', 'Its name and address', proposal, object)],
    agreement: 'here',
    command: (answers) => ['member', 'add', ...textAnswer(answers, 'member').trim().split(/\s+/)],
  };
}

function broken({ plan }: Standing): Path | undefined {
  if (plan.members.length < 2) return undefined;
  const choices = plan.members.map(({ name, host }) => [name, name, host] as const);
  return {
    id: 'replace-member',
    label: 'replace a broken member',
    description: 'an empty one in its place, with new keys; it gets its data from the others',
    questions: [choice('name', 'Which', choices)],
    agreement: 'asked by the command',
    command: ({ name }) => ['member', 'replace', String(name)],
  };
}

function memberLeaves({ plan }: Standing): Path | undefined {
  if (plan.members.length < 2) return undefined;
  const choices = plan.members.map(({ name, host }) => [name, name, host] as const);
  return {
    id: 'member-leaves',
    label: 'take a member out',
    description: 'if the others can go on without it',
    questions: [choice('name', 'Which', choices)],
    agreement: 'asked by the command',
    command: ({ name }) => ['member', 'remove', String(name)],
  };
}

const renewal: Path = {
  id: 'renew',
  label: 'renew certificates',
  description: 'under the keys that are there; members here take them up by themselves',
  questions: [
    choice('which', 'Which', [
      ['due', 'those that are due', 'in the last third of their life'],
      ['all', 'all', 'of members and users'],
    ]),
  ],
  agreement: 'here',
  command: ({ which }) => ['cert', 'renew', ...(which === 'all' ? ['--all'] : [])],
};

const rotation = ({ stage }: Standing): Path => ({
  id: 'rotate',
  label: stage === 'none' ? 'rotate the authority' : 'go on with the rotation of the authority',
  description: 'a new one in its place while the cluster serves',
  questions:
    stage === 'leaves-replaced'
      ? [
          choice('how', 'The new authority signs, the old one is still trusted', [
            ['wait', 'say what is left to do', 'kits are to be handed out again first'],
            ['finish', 'drop the old one', 'its certificates are refused from then on'],
          ]),
        ]
      : [],
  agreement: 'here',
  command: ({ how }) => ['cert', 'rotate-ca', ...(how === 'finish' ? ['--finish'] : [])],
});

const backup: Path = {
  id: 'backup',
  label: 'back up',
  description: "all of the store in a file that etcd's own tools read, too",
  questions: [text('file', 'The file', 'backup.db', absent)],
  agreement: 'here',
  command: (answers) => ['snapshot', 'save', textAnswer(answers, 'file')],
};

const restoring = ({ plan }: Standing): Path | undefined =>
  plan.cluster.run !== 'local'
    ? undefined
    : {
        id: 'restore',
        label: 'restore from a backup',
        description: 'members are to be stopped, and data/ set aside, before: nothing is overwritten',
        questions: [text('file', 'The backup', '', present)],
        agreement: 'here',
        command: (answers) => ['snapshot', 'restore', textAnswer(answers, 'file')],
      };

const lookPath = (id: string, label: string, description: string, ...words: readonly string[]): Path => ({
  ...{ id, label, description, questions: [], agreement: 'not needed' },
  command: () => words,
});

/** What is offered, in this order; the first is what Enter does. */
export const pathsOf = (standing: Standing): readonly Path[] =>
  [
    lookPath('status', 'see how it is', 'members, leader, certificates', 'status'),
    newUser(standing),
    approval(standing),
    userLeaves(standing),
    newMember(standing),
    broken(standing),
    memberLeaves(standing),
    renewal,
    rotation(standing),
    backup,
    restoring(standing),
    lookPath('wrong', 'something is wrong', 'looks for every known mistake, each with its cure', 'doctor'),
  ].filter((path) => path !== undefined);
