import { Document, isMap, type YAMLMap, type YAMLSeq } from 'yaml';
import { WizardError } from '../errors.js';
import { prefixEnd } from '../plan/permissions.js';
import { type PlanPermission, root } from '../plan/plan.js';
import { yamlText } from '../plan/print.js';
import type { Access, Declared } from './access.js';
import { bytesOf, keyOf, type Permission } from './rights.js';
import { keyWords } from './words.js';

/** What is live, as it would be declared; root's role is built in. @throws WizardError `files-refused` for keys that are no text */
export function declarationOf({ roles, users }: Access): Declared {
  return {
    roles: [...roles]
      .filter(([name]) => name !== root)
      .map(([name, permissions]) => ({
        name,
        permissions: permissions.map((permission) => planned(permission, name)),
      })),
    users: [...users].map(([name, held]) => ({ name, roles: held, password: false })),
  };
}

function planned({ access, key, end }: Permission, role: string): PlanPermission {
  if (end === '\0' && (key === '\0' || key === '')) return { access, prefix: '' };
  if (end !== undefined && keyOf(prefixEnd(bytesOf(key))) === end) return { access, prefix: textOf(key, role) };
  if (end === undefined) return { access, key: textOf(key, role) };
  return { access, key: textOf(key, role), end: textOf(end, role) };
}

function textOf(key: string, role: string): string {
  const bytes = bytesOf(key);
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  const what = `role ${role} has a permission for ${keyWords(key)}, which is no text: a file can not declare it`;
  throw new WizardError('files-refused', what, { role }, { hint: 'grant the role a prefix around it instead' });
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
