import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isNode, isSeq, parseDocument } from 'yaml';
import type { User } from './plan.js';

type NewUser = Pick<User, 'name' | 'roles' | 'key'> & { readonly password?: boolean };

/**
 * The text of a plan with one more user. Where the users are a list with a line each, it gets one more line, and nothing
 * else is another; a plan of another form is written anew with its comments.
 */
export function withUser(text: string, { name, roles, key, password }: NewUser): string {
  const user: NewUser = {
    name,
    roles,
    ...(password === true ? { password } : {}),
    ...(key === undefined ? {} : { key }),
  };
  const rewritten = rewrite(text, user);
  const longer = withLine(text, user);
  if (longer === undefined) return rewritten;
  return isDeepStrictEqual(parseDocument(longer).toJS(), parseDocument(rewritten).toJS()) ? longer : rewritten;
}

/** With a line behind the last user; undefined where users do not stand in lines. */
function withLine(text: string, user: NewUser): string | undefined {
  const users = parseDocument(text).getIn(['access', 'users'], true);
  const [last, first] = isSeq(users) && !users.flow ? [users.items.at(-1), users.items[0]] : [];
  if (!isNode(last) || !isNode(first) || !last.range || !first.range) return undefined;
  const dash = text.lastIndexOf('-', first.range[0]);
  const indent = text.slice(text.lastIndexOf('\n', dash) + 1, dash);
  // The value ends where its last character is, or behind the line break after it.
  const end = text.indexOf('\n', last.range[1] - 1);
  const at = end === -1 ? text.length : end;
  const line = new Document([user]);
  if (isSeq(line.contents)) for (const item of line.contents.items) if (isMap(item)) item.flow = true;
  return `${text.slice(0, at)}\n${indent}${line.toString({ lineWidth: 0 }).trimEnd()}${text.slice(at)}`;
}

function rewrite(text: string, user: NewUser): string {
  const document = parseDocument(text);
  const node = document.createNode(user, { flow: true });
  const users = document.getIn(['access', 'users'], true);
  if (isSeq(users)) users.add(node);
  else if (isMap(document.get('access', true))) document.setIn(['access', 'users'], document.createNode([user]));
  else document.set('access', document.createNode({ users: [user] }));
  return document.toString({ lineWidth: 0 });
}

/** The text without this user; as it is when they are not in it. Comments stay. */
export function withoutUser(text: string, name: string): string {
  const document = parseDocument(text);
  const users = document.getIn(['access', 'users'], true);
  const at = isSeq(users) ? users.items.findIndex((item) => isMap(item) && item.get('name') === name) : -1;
  if (at === -1) return text;
  document.deleteIn(['access', 'users', at]);
  return document.toString({ lineWidth: 0 });
}
