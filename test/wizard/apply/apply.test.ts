import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { compare } from 'bcrypt';
import { PkiError } from '#pki';
import { apply, outstandingSteps } from '../../../wizard/apply/apply.js';
import { passwordObjection } from '../../../wizard/apply/passwords.js';
import { WizardError } from '../../../wizard/errors.js';
import { parsePlan } from '../../../wizard/plan/parse.js';
import type { Plan } from '../../../wizard/plan/plan.js';
import type { Step } from '../../../wizard/steps/step.js';
import { samplePlan } from '../plans.js';
import { filesBelow, keysBelow, temporaryFolder } from './folder.js';

interface Session {
  readonly dir: string;
  readonly said: string[];
  run(plan: Plan, passwords?: ReadonlyMap<string, string>): Promise<readonly Step[]>;
  outstanding(plan: Plan): Promise<string[]>;
}

const dayMs = 86_400_000;
const start = Date.parse('2030-01-01T00:00:00Z');

function session(t: ExecutionContext, days = 0): Session {
  const dir = join(temporaryFolder(t), 'quorate');
  const said: string[] = [];
  const now = (): Date => new Date(start + days * dayMs);
  return {
    dir,
    said,
    run: (plan, passwords = new Map()) =>
      apply({
        plan,
        dir,
        now,
        passwords,
        signal: new AbortController().signal,
        say: (text) => said.push(text),
        progress: () => {},
      }),
    outstanding: async (plan) => lines(await outstandingSteps(plan, dir, now())),
  };
}

const lines = (steps: readonly Step[]): string[] =>
  steps.map(({ action, artifact, because }) => `${action} ${artifact.path}: ${because}`);

const plan = samplePlan('included', 'local', 3);

test('a second run has nothing to do, whatever the engine and the way to run', async (t) => {
  for (const sample of [plan, samplePlan('etcd', 'systemd', 1), samplePlan('included', 'static-pod', 1)]) {
    const { run, outstanding, dir, said } = session(t);
    t.true((await outstanding(sample)).length > 0);
    t.true((await run(sample)).length > 0);
    const before = filesBelow(dir).map((path) => readFileSync(join(dir, path), 'utf8'));
    t.deepEqual(await outstanding(sample), []);
    t.deepEqual(await run(sample), []);
    t.deepEqual(
      filesBelow(dir).map((path) => readFileSync(join(dir, path), 'utf8')),
      before,
    );
    t.deepEqual(said, []);
  }
});

test('planning looks and writes nothing', async (t) => {
  const { outstanding, dir } = session(t);
  await outstanding(plan);
  t.throws(() => statSync(dir), { code: 'ENOENT' });
});

test('keys are 0600 and their folders 0700, and looser ones are restricted by the next run', async (t) => {
  const { run, outstanding, dir } = session(t);
  await run(plan);
  for (const [path] of keysBelow(dir)) t.is(statSync(join(dir, path)).mode & 0o777, 0o600, path);
  for (const path of ['pki', 'users/app', 'members/m1/etc/quorate', 'data/m1'])
    t.is(statSync(join(dir, path)).mode & 0o777, 0o700, path);
  chmodSync(join(dir, 'users/app/app.key'), 0o644);
  chmodSync(join(dir, 'pki'), 0o755);
  t.deepEqual(await outstanding(plan), [
    'restrict pki: its permissions are 0755, not 0700',
    "restrict users/app/app.crt: its key's permissions are 0644, not 0600",
  ]);
  await run(plan);
  t.is(statSync(join(dir, 'users/app/app.key')).mode & 0o777, 0o600);
  t.deepEqual(await outstanding(plan), []);
});

test('a member that comes in is added, and the others are told, without a new key for anybody', async (t) => {
  const { run, outstanding, dir } = session(t);
  await run(samplePlan('included', 'local', 3));
  const keys = keysBelow(dir);
  const grown = samplePlan('included', 'local', 5);
  const steps = await outstanding(grown);
  t.true(steps.includes('replace members/m1/etc/quorate/member.env: its content is another'));
  t.true(steps.includes('create members/m5/etc/quorate/server.crt: '));
  await run(grown);
  const after = keysBelow(dir);
  for (const [path, key] of keys) t.is(after.get(path), key, path);
});

test('a unit that was edited by hand is shown as a diff, and is as generated again after the run', async (t) => {
  const sample = samplePlan('etcd', 'systemd', 1);
  const { run, dir } = session(t);
  await run(sample);
  const unit = join(dir, 'members/m1/etc/systemd/system/etcd.service');
  const generated = readFileSync(unit, 'utf8');
  writeFileSync(unit, generated.replace('[Service]\n', '[Service]\nUser=nobody\n'));
  const [step, ...more] = await outstandingSteps(sample, dir, new Date(start));
  t.deepEqual(more, []);
  t.is(step?.action, 'replace');
  t.deepEqual(
    step?.diff?.filter((line) => /^[+-]/.test(line)),
    ['-User=nobody'],
  );
  await run(sample);
  t.is(readFileSync(unit, 'utf8'), generated);
});

test('what the plan has no more is set aside with its keys, and nothing else is', async (t) => {
  const { run, outstanding, dir, said } = session(t);
  await run(samplePlan('included', 'systemd', 3));
  mkdirSync(join(dir, 'users/notes'));
  writeFileSync(join(dir, 'users/notes/own.txt'), '');
  writeFileSync(join(dir, 'members/m1/etc/quorate/own.conf'), '');
  const key = readFileSync(join(dir, 'users/app/app.key'), 'utf8');
  const small = samplePlan('included', 'static-pod', 1);
  const fewer = {
    ...small,
    access: { ...small.access, users: small.access.users.filter(({ name }) => name !== 'app') },
  };
  const steps = (await outstanding(fewer)).filter((line) => line.startsWith('remove')).sort();
  t.deepEqual(steps, [
    'remove members/m1/etc/quorate-crl/ca.crl.der: it is of another engine or way to run',
    'remove members/m1/etc/quorate/member.env: it is of another engine or way to run',
    'remove members/m1/etc/systemd/system/quorate.service: it is of another engine or way to run',
    'remove members/m2: the plan has no such member',
    'remove members/m3: the plan has no such member',
    'remove users/app: the plan has no such user; quorate user remove app revokes the certificate, too',
  ]);
  await run(fewer);
  t.is(readFileSync(join(dir, 'retired/users/app-20300101T000000Z/app.key'), 'utf8'), key);
  t.true(said.includes('users/app is retired/users/app-20300101T000000Z now'));
  t.deepEqual(await outstanding(fewer), []);
  for (const own of ['users/notes/own.txt', 'members/m1/etc/quorate/own.conf']) t.true(filesBelow(dir).includes(own));
});

test("a certificate follows its member's new address under the same key", async (t) => {
  const { run, outstanding, dir } = session(t);
  await run(samplePlan('etcd', 'systemd', 1));
  const keys = keysBelow(dir);
  const sample = samplePlan('etcd', 'systemd', 1);
  const moved = { ...sample, members: sample.members.map((member) => ({ ...member, host: '10.0.0.99' })) };
  t.true(
    (await outstanding(moved)).includes(
      'replace members/m1/etc/quorate/peer.crt: 10.0.0.99 is missing, 10.0.0.11 is no longer wanted',
    ),
  );
  await run(moved);
  t.deepEqual(keysBelow(dir), keys);
  t.deepEqual(await outstanding(moved), []);
});

test('certificates are renewed in their last 30 days, under the same keys', async (t) => {
  const { run, dir } = session(t);
  await run(plan);
  const keys = keysBelow(dir);
  const due = async (days: number): Promise<number> =>
    (await outstandingSteps(plan, dir, new Date(start + days * dayMs))).length;
  t.is(await due(334), 0);
  t.is(await due(336), 10);
  await apply({
    plan,
    dir,
    now: () => new Date(start + 340 * dayMs),
    signal: new AbortController().signal,
    say: () => {},
    progress: () => {},
  });
  t.is(await due(340), 0);
  t.deepEqual(keysBelow(dir), keys);
});

test('a lost certificate is issued again for the key that is there, a lost key gets a new pair', async (t) => {
  const { run, outstanding, dir } = session(t);
  await run(plan);
  const keys = keysBelow(dir);
  rmSync(join(dir, 'users/app/app.crt'));
  rmSync(join(dir, 'users/odd/odd.key'));
  t.deepEqual(await outstanding(plan), [
    'create users/app/app.crt: for the key that is there',
    'replace users/odd/odd.crt: there is no key',
  ]);
  await run(plan);
  const after = keysBelow(dir);
  t.is(after.get('users/app/app.key'), keys.get('users/app/app.key'));
  t.not(after.get('users/odd/odd.key'), keys.get('users/odd/odd.key'));
  t.deepEqual(await outstanding(plan), []);
});

test("a password is generated once, stands in the kit only, and its hash in every member's access file", async (t) => {
  const { run, dir } = session(t);
  await run(plan);
  const password = readFileSync(join(dir, 'users/backup/backup.password'), 'utf8').trimEnd();
  t.regex(password, /^[\w-]{24}$/);
  for (const path of filesBelow(dir)) {
    if (path !== 'users/backup/backup.password')
      t.false(readFileSync(join(dir, path), 'utf8').includes(password), path);
  }
  const files = ['m1', 'm2', 'm3'].map((member) =>
    readFileSync(join(dir, `members/${member}/etc/quorate/initial-access.json`), 'utf8'),
  );
  t.is(new Set(files).size, 1);
  const { users, enable } = JSON.parse(files[0] ?? '');
  t.true(enable);
  t.deepEqual(
    users.map(({ name, passwordHash }: { name: string; passwordHash: string }) => [name, passwordHash !== '']),
    [
      ['root', false],
      ['app', false],
      ['odd', false],
      ['backup', true],
    ],
  );
  t.true(await compare(password, users[3].passwordHash));
});

test('a chosen password is taken, and one that a person changes in the kit is hashed anew', async (t) => {
  const { run, outstanding, dir } = session(t);
  await run(plan, new Map([['backup', 'correct horse']]));
  t.is(readFileSync(join(dir, 'users/backup/backup.password'), 'utf8'), 'correct horse\n');
  writeFileSync(join(dir, 'users/backup/backup.password'), 'battery staple\n');
  t.deepEqual(
    await outstanding(plan),
    ['m1', 'm2', 'm3'].map(
      (member) => `replace members/${member}/etc/quorate/initial-access.json: the password of backup is another`,
    ),
  );
  await run(plan);
  t.deepEqual(await outstanding(plan), []);
});

for (const [password, what] of [
  ['', /empty/],
  ['x'.repeat(73), /at most 72 bytes, this one has 73/],
  ['é'.repeat(37), /this one has 74/],
  ['a\nb', /control/],
] as const) {
  test(`the password ${JSON.stringify(password).slice(0, 20)} is refused`, (t) =>
    t.regex(passwordObjection(password)?.what ?? '', what));
}

test('a change of access rewrites the access files only', async (t) => {
  const { run, outstanding } = session(t);
  await run(plan);
  const other: Plan = {
    ...plan,
    access: {
      ...plan.access,
      roles: plan.access.roles.map((role) =>
        role.name === 'odd' ? { ...role, permissions: [{ access: 'read', key: 'x' }] } : role,
      ),
    },
  };
  t.deepEqual(await outstanding(other), [
    'replace users/odd/README.md: its content is another',
    ...['m1', 'm2', 'm3'].map(
      (member) => `replace members/${member}/etc/quorate/initial-access.json: users, roles or permissions are others`,
    ),
  ]);
});

test('an authority without its key stops the run before anything is written', async (t) => {
  const { run, dir } = session(t);
  await run(plan);
  rmSync(join(dir, 'pki/ca.key'));
  rmSync(join(dir, 'users/app'), { recursive: true });
  const error = await t.throwsAsync(run(plan), { instanceOf: PkiError, message: /no ca\.key/ });
  t.regex(error?.hint ?? '', /backup/);
  t.throws(() => statSync(join(dir, 'users/app')), { code: 'ENOENT' });
});

test('certificates of an authority that is lost are not replaced by those of another', async (t) => {
  const { run, dir } = session(t);
  await run(plan);
  rmSync(join(dir, 'pki'), { recursive: true });
  const error = await t.throwsAsync(run(plan), { instanceOf: WizardError, message: /10 certificates that one signed/ });
  t.regex(error?.hint ?? '', /restore pki from a backup/);
  t.throws(() => statSync(join(dir, 'pki')), { code: 'ENOENT' });
});

test('a run that is cancelled ends between two steps, says how far it got and how to go on, and the next finishes', async (t) => {
  const { run, outstanding, dir } = session(t);
  const controller = new AbortController();
  const interrupted = apply({
    plan,
    dir,
    now: () => new Date(start),
    signal: controller.signal,
    say: () => {},
    progress: (done) => {
      if (done === 7) controller.abort();
    },
  });
  const error = await t.throwsAsync(interrupted, {
    instanceOf: WizardError,
    // Those that were under way are finished.
    message: /^stopped after ([7-9]|1\d|2[0-3]) of \d+ steps$/,
  });
  t.is(error?.code, 'cancelled');
  t.is(error?.hint, 'the same command goes on from there');
  await run(plan);
  t.deepEqual(await outstanding(plan), []);
});

test("a DIR that can't be made says what, where and why", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const error = await t.throwsAsync(outstandingSteps(plan, join(folder, 'file/quorate'), new Date()), {
    instanceOf: PkiError,
  });
  t.regex(error?.message ?? '', /file\/quorate.*no folder/);
});

test('a key that is a dangling link is not written through', async (t) => {
  const { run, dir } = session(t);
  mkdirSync(join(dir, 'users/app'), { recursive: true });
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'users/app/app.key'));
  await t.throwsAsync(run(plan), { instanceOf: PkiError, message: /app\.key/ });
  t.throws(() => statSync(join(dir, 'elsewhere')), { code: 'ENOENT' });
});

test('a DIR with a hostile name is filled and recognized like any other', async (t) => {
  const dir = join(temporaryFolder(t), `it's "a" $(b) \`c\`\nd`);
  const small = parsePlan(
    { version: 1, cluster: { name: 'demo' }, members: [{ name: 'm1', host: '127.0.0.1' }] },
    'a plan',
  ).plan;
  const options = {
    plan: small,
    dir,
    now: () => new Date(),
    signal: new AbortController().signal,
    say: () => {},
    progress: () => {},
  };
  await apply(options);
  t.deepEqual(await apply(options), []);
});
