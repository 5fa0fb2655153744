import { Document, isMap, type YAMLMap, type YAMLSeq } from 'yaml';
import { prefixEnd } from '../plan/permissions.js';
import { type PlanPermission, root } from '../plan/plan.js';
import { yamlText } from '../plan/print.js';
import type { Access, Declared } from './access.js';
import { bytesOf, keyOf, type Permission } from './rights.js';
import { keyWords } from './words.js';

export interface Exported {
  readonly declared: Declared;
  /** What no file can declare: permissions for keys that are no text. */
  readonly leftOut: readonly string[];
}

/** What is live, as it would be declared; root's role is built in. */
export function declarationOf({ roles, users }: Access): Exported {
  const others = [...roles].filter(([name]) => name !== root);
  const leftOut = others.flatMap(([role, permissions]) =>
    permissions
      .filter((permission) => planned(permission) === undefined)
      .map(({ key }) => `role ${role} has a permission for ${keyWords(key)}, which is no text: it is left out`),
  );
  return {
    declared: {
      roles: others.map(([name, permissions]) => ({
        name,
        permissions: permissions.flatMap((each) => planned(each) ?? []),
      })),
      users: [...users].map(([name, held]) => ({ name, roles: held, password: false })),
    },
    leftOut,
  };
}

/** Undefined where a key is no text. */
function planned({ access, key, end }: Permission): PlanPermission | undefined {
  if (end === '\0' && (key === '\0' || key === '')) return { access, prefix: '' };
  const [from, to] = [key, end].map((each) => (each === undefined ? undefined : textOf(each)));
  if (from === undefined) return undefined;
  if (end !== undefined && keyOf(prefixEnd(bytesOf(key))) === end) return { access, prefix: from };
  if (end === undefined) return { access, key: from };
  return to === undefined ? undefined : { access, key: from, end: to };
}

function textOf(key: string): string | undefined {
  const bytes = bytesOf(key);
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : undefined;
}

/** YAML that `access plan` and `access apply` read, a permission and a user in one line each. */
export function printDeclaration({ roles, users }: Declared): string {
  const document = new Document({
    access: { roles, users: users.map(({ name, roles: held }) => ({ name, roles: held })) },
  });
  const list = (path: readonly unknown[]): readonly unknown[] => (document.getIn(path) as YAMLSeq).items;
  const inline = [
    ...list(['access', 'users']),
    ...roles.flatMap((_, at) => list(['access', 'roles', at, 'permissions'])),
  ];
  for (const node of inline) if (isMap(node)) (node as YAMLMap).flow = true;
  return yamlText(document);
}
