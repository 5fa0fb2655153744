import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isNode, isSeq, parseDocument } from 'yaml';
import type { Member, User } from './plan.js';

// The text of a plan with one thing more or less, so that nothing else of what a person wrote is another.

type NewUser = Pick<User, 'name' | 'roles' | 'key'> & { readonly password?: boolean };

export function withUser(text: string, { name, roles, key, password }: NewUser): string {
  return withItem(text, ['access', 'users'], {
    ...{ name, roles },
    ...(password === true ? { password } : {}),
    ...(key === undefined ? {} : { key }),
  });
}

export const withMember = (text: string, member: Omit<Member, 'addresses' | 'keyType'>): string =>
  withItem(text, ['members'], member);

/** As it is when they are not in it. Comments stay. */
export const withoutUser = (text: string, name: string): string => withoutItem(text, ['access', 'users'], name);
export const withoutMember = (text: string, name: string): string => withoutItem(text, ['members'], name);

/**
 * Where items are a list with a line each, it gets one more line, and nothing else is another; a plan of another form is written
 * anew with its comments.
 */
function withItem(text: string, path: readonly [string, ...string[]], item: object): string {
  const rewritten = rewrite(text, path, item);
  const longer = withLine(text, path, item);
  if (longer === undefined) return rewritten;
  return isDeepStrictEqual(parseDocument(longer).toJS(), parseDocument(rewritten).toJS()) ? longer : rewritten;
}

/** With a line behind the last item; undefined where items do not stand in lines. */
function withLine(text: string, path: readonly string[], item: object): string | undefined {
  const items = parseDocument(text).getIn(path, true);
  const [last, first] = isSeq(items) && !items.flow ? [items.items.at(-1), items.items[0]] : [];
  if (!isNode(last) || !isNode(first) || !last.range || !first.range) return undefined;
  const dash = text.lastIndexOf('-', first.range[0]);
  const indent = text.slice(text.lastIndexOf('\n', dash) + 1, dash);
  // The value ends where its last character is, or behind the line break after it.
  const end = text.indexOf('\n', last.range[1] - 1);
  const at = end === -1 ? text.length : end;
  const line = new Document([item]);
  if (isSeq(line.contents)) for (const each of line.contents.items) if (isMap(each)) each.flow = true;
  return `${text.slice(0, at)}\n${indent}${line.toString({ lineWidth: 0 }).trimEnd()}${text.slice(at)}`;
}

function rewrite(text: string, path: readonly [string, ...string[]], item: object): string {
  const document = parseDocument(text);
  const [top, below] = path;
  const items = document.getIn(path, true);
  if (isSeq(items)) items.add(document.createNode(item, { flow: true }));
  else if (below === undefined) document.set(top, document.createNode([item]));
  else if (isMap(document.get(top, true))) document.setIn(path, document.createNode([item]));
  else document.set(top, document.createNode({ [below]: [item] }));
  return document.toString({ lineWidth: 0 });
}

function withoutItem(text: string, path: readonly string[], name: string): string {
  const document = parseDocument(text);
  const items = document.getIn(path, true);
  const at = isSeq(items) ? items.items.findIndex((item) => isMap(item) && item.get('name') === name) : -1;
  if (at === -1) return text;
  document.deleteIn([...path, at]);
  return document.toString({ lineWidth: 0 });
}
