import { root } from '../plan/plan.js';
import { printable } from '../shown.js';
import { type Access, roleRights } from './access.js';
import { rightsWithout, sameRights } from './rights.js';
import { rightsLines } from './words.js';

/** What becomes of one role or user, for a person. */
export interface AccessChange {
  readonly kind: 'role' | 'user';
  readonly name: string;
  readonly action: 'create' | 'keep' | 'change' | 'remove';
  readonly because: string;
  /** `+ read prefix /app/`, `- role app-writer` */
  readonly diff: readonly string[];
}

const added = (lines: readonly string[]): string[] => lines.map((line) => `+ ${line}`);
const removed = (lines: readonly string[]): string[] => lines.map((line) => `- ${line}`);

/** Of every role and user that is live, declared, or both. */
export function accessChanges(live: Access, declared: Access, wanted: Access): AccessChange[] {
  const roles = [...new Set([...live.roles.keys(), ...wanted.roles.keys()])].filter((role) => role !== root);
  const users = [...new Set([...live.users.keys(), ...wanted.users.keys()])];
  return [
    ...roles.sort().map((role) => roleChangeOf(role, live, declared, wanted)),
    ...users.sort().map((user) => userChangeOf(user, live, declared, wanted)),
  ];
}

function roleChangeOf(name: string, live: Access, declared: Access, wanted: Access): AccessChange {
  const [has, goal] = [roleRights(live, name), roleRights(wanted, name)];
  const base = { kind: 'role', name } as const;
  const isLive = live.roles.has(name);
  if (!wanted.roles.has(name)) return { ...base, ...pruned, diff: removed(rightsLines(has)) };
  if (!isLive) return { ...base, ...missing, diff: added(rightsLines(goal)) };
  if (sameRights(has, goal)) return { ...base, ...kept(declared.roles.has(name), 'it grants what is declared') };
  const diff = [...added(rightsLines(rightsWithout(goal, has))), ...removed(rightsLines(rightsWithout(has, goal)))];
  return { ...base, action: 'change', because: 'it grants something else than is declared', diff };
}

function userChangeOf(name: string, live: Access, declared: Access, wanted: Access): AccessChange {
  const [has, goal] = [live.users.get(name) ?? [], wanted.users.get(name) ?? []];
  const base = { kind: 'user', name } as const;
  const roles = (list: readonly string[], others: readonly string[]): string[] =>
    list.filter((role) => !others.includes(role)).map((role) => `role ${printable(role)}`);
  if (!wanted.users.has(name)) return { ...base, ...pruned, diff: removed(roles(has, [])) };
  if (!live.users.has(name)) return { ...base, ...missing, diff: added(roles(goal, [])) };
  const diff = [...added(roles(goal, has)), ...removed(roles(has, goal))];
  if (diff.length === 0) return { ...base, ...kept(declared.users.has(name), 'the roles are those declared') };
  return { ...base, action: 'change', because: 'the roles are others than those declared', diff };
}

const missing = { action: 'create', because: 'it is declared and not there' } as const;
const pruned = { action: 'remove', because: 'it is not declared, and --prune is given' } as const;
const kept = (isDeclared: boolean, because: string) =>
  ({
    action: 'keep',
    because: isDeclared ? because : 'it is not declared; --prune would remove it',
    diff: [],
  }) as const;
