import { Document, isMap, isScalar, type Node, Scalar, visit } from 'yaml';
import { unseen } from '../shown.js';
import { defaultPki, type Member, type Plan, type User } from './plan.js';

// A plan back to text, in the style that the README shows it in: short entries in one line, choices as comments.

const comments: readonly (readonly [path: readonly string[], comment: string])[] = [
  [['cluster', 'name'], 'also the initial cluster token'],
  [['cluster', 'engine'], 'included | etcd'],
  [['cluster', 'run'], 'local | systemd | static-pod'],
  [['pki', 'keyType'], 'ecdsa-p256 | ecdsa-p384 | ed25519 | rsa-2048 | rsa-3072 | rsa-4096'],
  [['access', 'users'], 'each signs in with its certificate; password: true adds a password, never kept here'],
];

const memberValue = ({ addresses, ...member }: Member): object =>
  addresses.length === 0 ? member : { ...member, addresses };

const userValue = ({ password, ...user }: User): object => (password ? { ...user, password } : user);

const pkiValue = ({ authority, profiles, ...pki }: Plan['pki']): object => ({
  ...(authority === defaultPki.authority ? {} : { authority }),
  ...pki,
  ...(profiles.length === 0 ? {} : { profiles }),
});

const flow = (node: unknown): void => {
  if (isMap(node)) node.flow = true;
};

function comment(document: Document, path: readonly string[], text: string): void {
  const node = document.getIn(path, true) as Node | undefined;
  if (isScalar(node)) node.comment = ` ${text}`;
  else if (node !== undefined) node.commentBefore = ` ${text}`;
}

/** The plan as YAML. Parsing it gives the plan again. */
export function printPlan(plan: Plan): string {
  const { version, cluster, members, pki, access } = plan;
  const document = new Document({
    version,
    cluster,
    members: members.map(memberValue),
    pki: pkiValue({ ...defaultPki, ...pki }),
    access: { roles: access.roles, users: access.users.map(userValue) },
  });
  const lists = [
    ['members'],
    ['access', 'users'],
    ...access.roles.map((_, index) => ['access', 'roles', index, 'permissions']),
  ];
  for (const list of lists) for (const item of (document.getIn(list) as { items: unknown[] }).items) flow(item);
  for (const [path, text] of comments) comment(document, path, text);
  return yamlText(document);
}

/** What is not seen is written out: persons read it, on a terminal, before they agree to it. */
export function yamlText(document: Document): string {
  visit(document, { Scalar: (_, node) => quoteUnseen(node) });
  return document.toString({ lineWidth: 0 }).replace(unseen, (found) => (found === '\n' ? found : yamlEscape(found)));
}

/** A key may have any character: what is not seen is written out, which YAML knows in double quotes only. */
function quoteUnseen(node: Scalar): void {
  if (typeof node.value === 'string' && node.value.search(unseen) >= 0) node.type = Scalar.QUOTE_DOUBLE;
}

function yamlEscape(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}
