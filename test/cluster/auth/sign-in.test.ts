import test from 'ava';
import { Auth } from '../../../cluster/auth/auth.js';
import { Authenticator } from '../../../cluster/auth/authenticator.js';
import { Passwords } from '../../../cluster/auth/passwords.js';
import { completeToken, drawToken, Tokens, tokenIndex } from '../../../cluster/auth/tokens.js';
import { index } from '../../../cluster/numbers.js';
import { memoryTables } from './memory-tables.js';
import { addPasswordless, addUser, authenticate, disable, withRoot } from './operations.js';

const signal = new AbortController().signal;

function fixture({ clientCertAuth = true } = {}) {
  const clock = { ms: 0 };
  const applied = { index: 10, whenCaughtUp: () => {} };
  const tokens = new Tokens({ now: () => clock.ms, ttlMs: 1000, tokensMax: 3 });
  const auth = new Auth(memoryTables(), tokens);
  const passwords = new Passwords(4);
  const linearize = async () => applied.whenCaughtUp();
  const appliedIndex = () => index(applied.index);
  const authenticator = new Authenticator({ auth, tokens, passwords, clientCertAuth, appliedIndex, linearize });
  for (const operation of [addUser('ann'), ...withRoot]) auth.apply(operation);
  return { clock, applied, tokens, auth, passwords, authenticator };
}

test('a token is sixteen random letters and the index of its entry', (t) => {
  const token = completeToken(drawToken(), 73);
  t.regex(token, /^[a-zA-Z]{16}\.73$/);
  t.not(drawToken(), drawToken());
  t.is(tokenIndex(token), 73);
  for (const other of ['', 'x', 'a.1', `${drawToken()}.`, `${drawToken()}.-1`, `${drawToken()}.1e9`, `${token} `]) {
    t.is(tokenIndex(other), undefined, other);
  }
});

test('a token lives for its time after the last use', (t) => {
  const { clock, tokens } = fixture();
  tokens.assign('t', 'ann');
  clock.ms = 999;
  t.is(tokens.user('t'), 'ann');
  clock.ms = 1998;
  t.is(tokens.user('t'), 'ann');
  clock.ms = 2998;
  t.is(tokens.user('t'), undefined);
  tokens.assign('u', 'ann');
  t.is(tokens.size, 1, 'the expired one is gone');
});

test('at the bound the token that was unused for longest goes', (t) => {
  const { tokens } = fixture();
  for (const token of ['t1', 't2', 't3']) tokens.assign(token, 'ann');
  tokens.user('t1');
  tokens.assign('t4', 'ann');
  t.deepEqual(
    ['t1', 't2', 't3', 't4'].map((token) => tokens.user(token)),
    ['ann', undefined, 'ann', 'ann'],
  );
});

test('a token wins over the certificate', async (t) => {
  const { auth, authenticator } = fixture();
  auth.apply(authenticate('ann', 't'));
  const { revision: authRevision } = auth;
  t.deepEqual(await authenticator.identify({ token: 't', commonName: 'root' }, signal), { user: 'ann', authRevision });
  t.deepEqual(await authenticator.identify({ commonName: 'root' }, signal), { user: 'root', authRevision });
  await t.throwsAsync(authenticator.identify({ token: 'bad', commonName: 'root' }, signal), {
    code: 'invalid-auth-token',
  });
});

test('a certificate names nobody without client-cert-auth, nor with an empty CN', async (t) => {
  t.is(await fixture({ clientCertAuth: false }).authenticator.identify({ commonName: 'root' }, signal), undefined);
  t.is(await fixture().authenticator.identify({ commonName: '' }, signal), undefined);
});

test('with auth off nobody is asked, not even for a valid token', async (t) => {
  const { auth, authenticator } = fixture();
  auth.apply(disable);
  t.is(await authenticator.identify({ token: 'bad', commonName: 'root' }, signal), undefined);
});

test('a token from a member that is ahead is waited for', async (t) => {
  const { applied, auth, authenticator } = fixture();
  const token = completeToken(drawToken(), 11);
  applied.whenCaughtUp = () => auth.apply(authenticate('ann', token));
  t.like(await authenticator.identify({ token }, signal), { user: 'ann' });
});

test('a token that should be known by now is refused without waiting', async (t) => {
  const { applied, authenticator } = fixture();
  applied.whenCaughtUp = () => t.fail();
  for (const token of [completeToken(drawToken(), 10), 'nonsense', 'x'.repeat(10_000)]) {
    await t.throwsAsync(authenticator.identify({ token }, signal), { code: 'invalid-auth-token' });
  }
});

test('the right password signs in; a wrong one, an unknown user and one without a password look alike', async (t) => {
  const { auth, authenticator, passwords } = fixture();
  const passwordHash = await passwords.hash('secret');
  auth.apply({ kind: 'user-change-password', user: 'ann', passwordHash, noPassword: false });
  auth.apply(addPasswordless('bare'));
  t.deepEqual(await authenticator.signIn('ann', 'secret'), { user: 'ann', authRevision: auth.revision });
  const failures = [
    authenticator.signIn('ann', 'wrong'),
    authenticator.signIn('eve', ''),
    authenticator.signIn('bare', ''),
  ];
  for (const failure of failures) {
    await t.throwsAsync(failure, { code: 'auth-failed', message: 'the user or the password is wrong' });
  }
  auth.apply(disable);
  await t.throwsAsync(authenticator.signIn('ann', 'secret'), { code: 'auth-not-enabled' });
});

test('a sign-in carries the auth revision from before the password was checked', async (t) => {
  const { auth, authenticator, passwords } = fixture();
  const passwordHash = await passwords.hash('secret');
  auth.apply({ kind: 'user-change-password', user: 'ann', passwordHash, noPassword: false });
  const before = auth.revision;
  const signIn = authenticator.signIn('ann', 'secret');
  auth.apply(addUser('ben'));
  t.is((await signIn).authRevision, before);
  t.true(auth.revision > before);
});

test('an empty password is a password, as in etcd', async (t) => {
  const passwords = new Passwords(4);
  const account = { passwordHash: await passwords.hash(''), noPassword: false };
  t.true(await passwords.check(account, ''));
  t.false(await passwords.check(account, 'x'));
});

test('a hash that etcd 3.4.23 wrote is understood', async (t) => {
  const passwordHash = '$2a$10$fEuOHSIF/wkkKrMHLpOof.p9d.zUyV0jyIVgITDNdFl6iysPB5HHW';
  t.true(await new Passwords().check({ passwordHash, noPassword: false }, 'r'));
});

test('a password that bcrypt would cut off is refused', async (t) => {
  await t.throwsAsync(new Passwords(4).hash('é'.repeat(37)), { code: 'invalid-argument', message: /74 bytes/ });
});

test('checking an unknown user takes as much work as checking a known one', async (t) => {
  const passwords = new Passwords(8);
  const known = { passwordHash: await passwords.hash('secret'), noPassword: false };
  const msFor = async (account: typeof known | undefined): Promise<number> => {
    const start = performance.now();
    await passwords.check(account, 'wrong');
    return performance.now() - start;
  };
  // In turns, and the shortest counts: the machine has other work too.
  const [unknownMs, knownMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < 10; round++) {
    unknownMs.push(await msFor(undefined));
    knownMs.push(await msFor(known));
  }
  const ratio = Math.min(...unknownMs) / Math.min(...knownMs);
  t.true(ratio > 0.4 && ratio < 2.5, `took ${ratio} times as long`);
});

test('a flood of sign-ins is refused beyond a hundred that wait', async (t) => {
  const passwords = new Passwords(4);
  const checks = Array.from({ length: 150 }, () => passwords.check(undefined, 'x'));
  const results = await Promise.allSettled(checks);
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 102);
  t.like(
    results.find(({ status }) => status === 'rejected'),
    { reason: { code: 'too-many-requests' } },
  );
  t.false(await passwords.check(undefined, 'x'), 'and there is room again afterwards');
});
