import fc from 'fast-check';
import { type KeyCommand, keyCommand } from './key-commands.js';

// What can be asked of users and roles, and of keys in somebody's name, as data.

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

export const password = 'secret';
const user = fc.constantFrom('u', 'u', 'v', 'root');
const role = fc.constantFrom('r', 'r', 's', 'root');
const rarelyEmpty = (name: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 40, arbitrary: name }, { weight: 1, arbitrary: fc.constant('') });
const key = fc.constantFrom('a', 'aa', 'b', '\0').map(bytes);
const rangeEnd = fc.constantFrom('', '', 'b', 'c', '\0').map(bytes);

const named = <Kind extends string, Fields>(
  kind: Kind,
  fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
) => fc.record({ kind: fc.constant(kind), fields: fc.record(fields) });

const change = fc.oneof(
  named('userAdd', {
    name: rarelyEmpty(user),
    password: fc.constant(password),
    options: fc.record({ noPassword: fc.constant(false) }),
  }),
  named('userAdd', { name: user, password: fc.constant(''), options: fc.record({ noPassword: fc.constant(true) }) }),
  named('userGet', { name: rarelyEmpty(user) }),
  named('userList', {}),
  named('userDelete', { name: rarelyEmpty(user) }),
  named('userChangePassword', { name: fc.constantFrom('u', 'v', 'w'), password: fc.constant(password) }),
  named('userGrantRole', { user: rarelyEmpty(user), role: rarelyEmpty(role) }),
  named('userGrantRole', { user, role }),
  named('userRevokeRole', { name: rarelyEmpty(user), role: rarelyEmpty(role) }),
  named('roleAdd', { name: rarelyEmpty(role) }),
  named('roleGet', { role: rarelyEmpty(role) }),
  named('roleList', {}),
  named('roleDelete', { role: rarelyEmpty(role) }),
  named('roleGrantPermission', {
    name: rarelyEmpty(role),
    perm: fc.record({ permType: fc.constantFrom(0, 1, 2), key, rangeEnd }),
  }),
  named('roleGrantPermission', { name: role, perm: fc.record({ permType: fc.constant(2), key, rangeEnd }) }),
  named('roleRevokePermission', { role: rarelyEmpty(role), key, rangeEnd }),
  named('authEnable', {}),
);
export type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

/** Signs `user` in; what is asked in its name from then on carries the token. */
const signIn = fc.record({
  kind: fc.constant('authenticate' as const),
  name: rarelyEmpty(user),
  password: fc.constantFrom(password, password, password, 'wrong', ''),
});
export type SignIn = typeof signIn extends fc.Arbitrary<infer Value> ? Value : never;

export interface InName {
  readonly kind: 'as';
  readonly user: string | undefined;
  readonly command: KeyCommand | Change;
}

export type AuthCommand = InName | SignIn;

const asker = fc.constantFrom('u', 'u', 'v', 'root', 'root', undefined);
const inName = (command: fc.Arbitrary<KeyCommand | Change>): fc.Arbitrary<InName> =>
  fc.record({ kind: fc.constant('as' as const), user: asker, command });

export const authCommand: fc.Arbitrary<AuthCommand> = fc.oneof(
  { weight: 5, arbitrary: inName(change) },
  { weight: 5, arbitrary: inName(keyCommand) },
  { weight: 1, arbitrary: signIn },
);

const asRoot = (kind: Change['kind'], fields: object): InName => ({
  kind: 'as',
  user: 'root',
  command: { kind, fields } as Change,
});
const signedIn = (name: string): SignIn => ({ kind: 'authenticate', name, password });
const withPassword = { password, options: { noPassword: false } };

/** Auth on, root and two users signed in, of whom one may read and write below `b`. */
export const secured: readonly AuthCommand[] = [
  asRoot('userAdd', { name: 'root', ...withPassword }),
  asRoot('roleAdd', { name: 'root' }),
  asRoot('userGrantRole', { user: 'root', role: 'root' }),
  asRoot('userAdd', { name: 'u', ...withPassword }),
  asRoot('userAdd', { name: 'v', ...withPassword }),
  asRoot('roleAdd', { name: 'r' }),
  asRoot('roleGrantPermission', { name: 'r', perm: { permType: 2, key: bytes('a'), rangeEnd: bytes('b') } }),
  asRoot('userGrantRole', { user: 'u', role: 'r' }),
  asRoot('authEnable', {}),
  signedIn('root'),
  signedIn('u'),
  signedIn('v'),
];
