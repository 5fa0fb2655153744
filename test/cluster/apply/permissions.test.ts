import test from 'ava';
import { Permissions } from '../../../cluster/apply/permissions.js';
import { Auth } from '../../../cluster/auth/auth.js';
import { Tokens } from '../../../cluster/auth/tokens.js';
import { ClusterError, type ClusterErrorCode } from '../../../cluster/errors.js';
import { authRevision, memberId, revision } from '../../../cluster/numbers.js';
import type { Action, Caller } from '../../../cluster/operations/action.js';
import { memoryTables } from '../auth/memory-tables.js';
import * as op from '../auth/operations.js';
import { annsGrants, grants, holes } from './grants.js';
import { inside, put, range, remove, txn } from './kv-words.js';

function fixture(enabled = true) {
  const auth = new Auth(memoryTables(), new Tokens({ now: () => 0 }));
  for (const operation of annsGrants) auth.apply(operation);
  if (!enabled) auth.apply(op.disable);
  const permissions = new Permissions(auth, { keysOf: () => [] });
  const caller = (user: string): Caller => ({ user, authRevision: auth.revision });
  return { auth, permissions, caller };
}

const verdict = (check: () => void): ClusterErrorCode | 'allowed' => {
  try {
    check();
    return 'allowed';
  } catch (error) {
    if (error instanceof ClusterError) return error.code;
    throw error;
  }
};

for (const { title, action, expected } of [...grants, ...holes]) {
  test(`a user with read-write on [b, d), read on [d, f) and write on x: ${title}`, (t) => {
    const { permissions, caller } = fixture();
    t.is(
      verdict(() => permissions.checkAction(caller('ann'), action)),
      expected,
    );
    t.is(
      verdict(() => permissions.checkAction(caller('root'), action)),
      'allowed',
      'root may do everything',
    );
  });
}

test('GHSA-xg4h-6gfc-h4m8: read on one key is not read from that key on', (t) => {
  const { auth, permissions, caller } = fixture();
  auth.apply(op.permit('app', 'read', 'k'));
  const readable = (key: string, end?: string) =>
    verdict(() => permissions.checkRead(caller('ann'), op.keys(key, end)));
  t.is(readable('k'), 'allowed');
  t.is(readable('k', '\0'), 'permission-denied');
  t.is(readable('k', 'l'), 'permission-denied');
  t.is(readable('\0', '\0'), 'permission-denied');
});

const administration: readonly Action[] = [
  { kind: 'compact', revision: revision(1) },
  op.enable,
  op.disable,
  op.addUser('eve'),
  op.deleteUser('ann'),
  op.changePassword('ann'),
  op.grant('ann', 'root'),
  op.revoke('ann', 'app'),
  op.addRole('r'),
  op.deleteRole('app'),
  op.permit('app', 'read', '\0', '\0'),
  op.unpermit('app', 'x'),
  { kind: 'bootstrap', access: undefined },
];

for (const action of administration) {
  test(`CVE-2026-33413: ${action.kind} is for root only`, (t) => {
    const { permissions, caller } = fixture();
    const by = (who: Caller | undefined) => verdict(() => permissions.checkAction(who, action));
    t.is(by(caller('root')), 'allowed');
    t.is(by(caller('ann')), 'permission-denied');
    t.is(by(caller('nobody')), 'user-not-found');
    t.is(by(undefined), 'user-empty');
    t.is(by(caller('')), 'user-empty');
  });
}

test('an identity from before a change of users or roles is refused for keys', (t) => {
  const { auth, permissions, caller } = fixture();
  const [ann, root] = [caller('ann'), caller('root')];
  auth.apply(op.addUser('ben'));
  t.is(
    verdict(() => permissions.checkAction(ann, put('b'))),
    'auth-old-revision',
  );
  t.is(
    verdict(() => permissions.checkRead(ann, op.keys('b'))),
    'auth-old-revision',
  );
  t.is(
    verdict(() => permissions.checkTxn(root, txn({}))),
    'auth-old-revision',
    'root as well',
  );
  t.is(
    verdict(() => permissions.checkAction(caller('ann'), put('b'))),
    'allowed',
    'identified again',
  );
});

test('an administrator’s own changes do not make the next one stale, as in etcd', (t) => {
  const { auth, permissions, caller } = fixture();
  const root = caller('root');
  auth.apply(op.addUser('ben'));
  t.is(
    verdict(() => permissions.checkAction(root, op.addUser('eve'))),
    'allowed',
  );
});

test('keys are for users who are named and known', (t) => {
  const { permissions, caller } = fixture();
  for (const action of [put('b'), remove('b'), txn({ success: [range('b')] })]) {
    t.is(
      verdict(() => permissions.checkAction(undefined, action)),
      'user-empty',
    );
    t.is(
      verdict(() => permissions.checkAction(caller('nobody'), action)),
      'permission-denied',
    );
  }
  t.is(
    verdict(() => permissions.checkRead(undefined, op.keys('b'))),
    'user-empty',
  );
  t.is(
    verdict(() => permissions.checkRead(caller('nobody'), op.keys('b'))),
    'permission-denied',
  );
});

test('while auth is off everybody may do everything', (t) => {
  const { permissions } = fixture(false);
  for (const action of [...administration, put('a'), inside(2, remove('a', '\0', true))]) {
    t.is(
      verdict(() => permissions.checkAction(undefined, action)),
      'allowed',
    );
  }
  t.is(
    verdict(() => permissions.checkRead(undefined, op.keys('\0', '\0'))),
    'allowed',
  );
  t.is(
    verdict(() => permissions.checkAdmin(undefined)),
    'allowed',
  );
});

test('a sign-in is void when users or roles changed after the password was checked', (t) => {
  const { auth, permissions, caller } = fixture();
  const ann = caller('ann');
  const signIn = op.authenticate('ann', 'token');
  t.is(
    verdict(() => permissions.checkAction(ann, signIn)),
    'allowed',
  );
  t.is(
    verdict(() => permissions.checkAction(caller('ben'), signIn)),
    'permission-denied',
  );
  t.is(
    verdict(() => permissions.checkAction(undefined, signIn)),
    'user-empty',
  );
  auth.apply(op.changePassword('ann'));
  t.is(
    verdict(() => permissions.checkAction(ann, signIn)),
    'auth-old-revision',
  );
});

test('one may look at oneself and one’s roles, root at all', (t) => {
  const { auth, permissions, caller } = fixture();
  auth.apply(op.addRole('other'));
  const user = (who: Caller | undefined, name: string) => verdict(() => permissions.checkUserGet(who, name));
  const role = (who: Caller | undefined, name: string) => verdict(() => permissions.checkRoleGet(who, name));
  t.is(user(caller('ann'), 'ann'), 'allowed');
  t.is(user(caller('ann'), 'root'), 'permission-denied');
  t.is(user(caller('ann'), 'unknown'), 'permission-denied');
  t.is(user(caller('root'), 'ann'), 'allowed');
  t.is(user(undefined, ''), 'user-empty');
  t.is(role(caller('ann'), 'app'), 'allowed');
  t.is(role(caller('ann'), 'other'), 'permission-denied');
  t.is(role(caller('root'), 'other'), 'allowed');
  t.is(role(caller('nobody'), 'app'), 'user-not-found');
  t.is(role(undefined, 'app'), 'user-empty');
});

test('what members propose by themselves needs nobody: their attributes, and a bootstrap that was done', (t) => {
  const { auth, permissions } = fixture();
  const attributes: Action = { kind: 'member-attributes', id: memberId(1n), name: 'm1', clientUrls: [] };
  const bootstrap: Action = { kind: 'bootstrap', access: undefined };
  t.is(
    verdict(() => permissions.checkAction(undefined, attributes)),
    'allowed',
  );
  t.is(
    verdict(() => permissions.checkAction(undefined, bootstrap)),
    'user-empty',
  );
  auth.bootstrap(undefined);
  t.is(
    verdict(() => permissions.checkAction(undefined, bootstrap)),
    'allowed',
  );
});

test('an identity is of the moment: auth that was off when the caller was asked asks for a name when it is on', (t) => {
  const { auth, permissions } = fixture(false);
  auth.apply(op.enable);
  t.is(
    verdict(() => permissions.checkAction(undefined, put('b'))),
    'user-empty',
  );
  t.is(
    verdict(() => permissions.checkAction({ user: 'ann', authRevision: authRevision(1) }, put('b'))),
    'auth-old-revision',
  );
});
