import test from 'ava';
import { Auth } from '../../../cluster/auth/auth.js';
import { Tokens } from '../../../cluster/auth/tokens.js';
import { ClusterError, type ClusterErrorCode } from '../../../cluster/errors.js';
import { authRevision } from '../../../cluster/numbers.js';
import type { AccessDeclaration, AuthOperation } from '../../../cluster/operations/auth.js';
import { memoryTables } from './memory-tables.js';
import {
  addPasswordless,
  addRole,
  addUser,
  authenticate,
  changePassword,
  deleteRole,
  deleteUser,
  disable,
  enable,
  grant,
  keys,
  permission,
  permit,
  revoke,
  unpermit,
  withRoot,
} from './operations.js';
import { ann, situations } from './situations.js';

function authAfter(operations: readonly AuthOperation[]) {
  const tables = memoryTables();
  const tokens = new Tokens({ now: () => 0 });
  const auth = new Auth(tables, tokens);
  for (const operation of operations) auth.apply(operation);
  return { auth, tokens, tables };
}

const refusal = (run: () => void): ClusterErrorCode | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ClusterError) return error.code;
    throw error;
  }
};

/** Everything that shows, and the same read again from the tables. */
const shown = (auth: Auth) => ({
  users: auth.users(),
  roles: auth.roles(),
  enabled: auth.enabled,
  revision: auth.revision,
  bootstrapped: auth.bootstrapped,
});

for (const { title, before, operation, expected } of situations) {
  test(title, (t) => {
    const { auth, tables } = authAfter(before);
    const old = shown(auth);
    const code = refusal(() => auth.apply(operation));
    t.is(code ?? (auth.revision > old.revision ? 'counts' : 'does not count'), expected);
    if (code !== undefined) t.deepEqual(shown(auth), old, 'a refused change leaves no trace');
    t.deepEqual(shown(new Auth(tables, new Tokens({ now: () => 0 }))), shown(auth), 'memory and tables agree');
  });
}

test('users, roles and a user’s roles are listed in byte order', (t) => {
  const { auth } = authAfter([
    ...['\u{1f600}', '\uffee', 'b', 'B'].map(addUser),
    ...['z', 'y'].map(addRole),
    grant('b', 'z'),
    grant('b', 'y'),
    grant('b', 'root'),
  ]);
  t.deepEqual(
    auth.users().map(({ name }) => name),
    ['B', 'b', '\uffee', '\u{1f600}'],
  );
  t.deepEqual(
    auth.roles().map(({ name }) => name),
    ['y', 'z'],
  );
  t.deepEqual(auth.user('b')?.roles, ['root', 'y', 'z']);
});

test('permissions are listed by key, and a second grant on a range replaces its access', (t) => {
  const { auth } = authAfter([
    addRole('r'),
    permit('r', 'read', 'm'),
    permit('r', 'write', 'd', 'f'),
    permit('r', 'readwrite', 'd'),
    permit('r', 'write', 'm'),
  ]);
  t.deepEqual(auth.role('r')?.permissions, [
    permission('write', 'd', 'f'),
    permission('readwrite', 'd'),
    permission('write', 'm'),
  ]);
});

test('role root shows everything, whatever it was granted', (t) => {
  const { auth } = authAfter([addRole('root'), permit('root', 'read', 'a')]);
  t.deepEqual(auth.role('root')?.permissions, [permission('readwrite', '', '\0')]);
});

test('deleting a role takes it from all users', (t) => {
  const { auth } = authAfter([...ann, addUser('ben'), grant('ben', 'reader'), deleteRole('reader')]);
  t.deepEqual(
    auth.users().map(({ roles }) => roles),
    [[], []],
  );
  t.false(auth.mayRead('ann', keys('b')));
});

test('a user without a password keeps none when one is set', (t) => {
  const { auth } = authAfter([addPasswordless('ann'), changePassword('ann')]);
  t.like(auth.user('ann'), { passwordHash: '', noPassword: true });
});

test('permissions follow each change at once', (t) => {
  const { auth } = authAfter(ann);
  t.true(auth.mayRead('ann', keys('b')));
  t.false(auth.mayWrite('ann', keys('b')));
  auth.apply(permit('reader', 'write', 'b'));
  t.true(auth.mayWrite('ann', keys('b')));
  auth.apply(unpermit('reader', 'a', 'm'));
  t.false(auth.mayRead('ann', keys('b')));
  auth.apply(grant('ann', 'root'));
  t.true(auth.mayRead('ann', keys('\0', '\0')));
});

test('tokens go when their user is deleted or changes the password, and all of them when auth is switched', (t) => {
  const signedIn = [...ann, ...withRoot, authenticate('ann', 't1'), authenticate('root', 't2')];
  const left = (operation: AuthOperation) => {
    const { tokens } = authAfter([...signedIn, operation]);
    return [tokens.user('t1'), tokens.user('t2')];
  };
  t.deepEqual(left(deleteUser('ann')), [undefined, 'root']);
  t.deepEqual(left(changePassword('ann')), [undefined, 'root']);
  t.deepEqual(left(revoke('ann', 'reader')), ['ann', 'root'], 'a change of roles leaves them, as in etcd');
  t.deepEqual(left(enable), ['ann', 'root'], 'enabling twice is no switch');
  t.deepEqual(left(disable), [undefined, undefined]);
});

test('with the tables of a snapshot everything is that of the snapshot, and every token is void', (t) => {
  const { auth, tokens } = authAfter([...ann, ...withRoot, authenticate('ann', 't')]);
  t.true(auth.mayRead('ann', keys('b')));
  const { tables: snapshot, auth: taken } = authAfter([...ann, unpermit('reader', 'a', 'm'), addUser('ben')]);
  auth.reload(snapshot);
  t.deepEqual(shown(auth), shown(taken));
  t.false(auth.mayRead('ann', keys('b')));
  t.is(tokens.size, 0);
  auth.apply(deleteUser('ben'));
  t.is(new Auth(snapshot, new Tokens({ now: () => 0 })).user('ben'), undefined, 'changes go to the new tables');
});

const plan: AccessDeclaration = {
  roles: [{ name: 'app', permissions: [permission('readwrite', '/app/', '/app0')] }],
  users: [
    { name: 'root', roles: ['root'], passwordHash: '' },
    { name: 'ann', roles: ['app'], passwordHash: 'hash' },
  ],
  enable: true,
};

test('a bootstrap brings users, roles and auth in one change, and only once', (t) => {
  const { auth, tables } = authAfter([]);
  auth.bootstrap(plan);
  t.is(auth.revision, authRevision(2));
  t.true(auth.enabled && auth.mayWrite('ann', keys('/app/x')) && auth.isRoot('root'));
  t.like(auth.user('root'), { noPassword: true });
  t.deepEqual(
    auth.roles().map(({ name }) => name),
    ['app', 'root'],
  );
  const reopened = new Auth(tables, new Tokens({ now: () => 0 }));
  const once = shown(reopened);
  reopened.bootstrap({ ...plan, users: [...plan.users, { name: 'eve', roles: ['root'], passwordHash: '' }] });
  t.deepEqual(shown(reopened), once);
});

test('an empty bootstrap only marks that the cluster had its chance', (t) => {
  const { auth } = authAfter([]);
  auth.bootstrap(undefined);
  auth.bootstrap(plan);
  t.true(auth.bootstrapped);
  t.deepEqual(auth.users(), []);
});

const faultyPlan = test.macro({
  title: (name) => `a bootstrap is refused whole: ${name}`,
  exec(t, change: Partial<AccessDeclaration>, expected: ClusterErrorCode) {
    const { auth } = authAfter([addUser('old')]);
    const before = shown(auth);
    t.is(
      refusal(() => auth.bootstrap({ ...plan, ...change })),
      expected,
    );
    t.deepEqual(shown(auth), before);
  },
});
const user = (name: string, ...roles: string[]) => ({ name, roles, passwordHash: '' });

test('no user root', faultyPlan, { users: [user('ann', 'app')] }, 'root-user-not-exist');
test('root without role root', faultyPlan, { users: [user('root', 'app')] }, 'root-role-not-exist');
test('an unknown role', faultyPlan, { users: [user('root', 'root', 'nope')] }, 'role-not-found');
test('a user twice', faultyPlan, { users: [...plan.users, user('ann')] }, 'user-already-exists');
test('a user who exists', faultyPlan, { users: [...plan.users, user('old')] }, 'user-already-exists');
test('a role twice', faultyPlan, { roles: [...plan.roles, ...plan.roles] }, 'role-already-exists');
test('a role without a name', faultyPlan, { roles: [...plan.roles, { name: '', permissions: [] }] }, 'role-empty');
test(
  'a permission on no key',
  faultyPlan,
  { roles: [{ name: 'app', permissions: [permission('read', 'b', 'a')] }] },
  'invalid-auth-management',
);
