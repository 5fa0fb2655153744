import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import test from 'ava';
import { commands } from '../../../wizard/commands/catalogue.js';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { defaultPlan } from '../../../wizard/plan/plan.js';
import { version } from '../../../wizard/version.js';
import { judge } from '../../judges.js';
import { filesBelow, temporaryFolder } from '../apply/folder.js';
import { main, quorate, start } from './quorate.js';

const systemdPlan = `version: 1
cluster: { name: demo, engine: etcd, run: systemd }
members: [{ name: m1, host: 10.0.0.1 }]
access: { users: [{ name: ops, roles: [root] }] }
`;

test('init from a plan file, plan, apply and init again agree on one DIR', async (t) => {
  const dir = join(temporaryFolder(t), 'a b');
  const init = await quorate(['init', '--answers', '-', '--dir', dir], systemdPlan);
  t.is(init.code, 0, init.stderr);
  t.is(
    init.stdout,
    `tar -cC '${dir}/members/m1' etc | ssh root@10.0.0.1 'tar -xC / --no-same-owner && systemctl daemon-reload && systemctl enable --now etcd'\nquorate bootstrap --dir '${dir}'\n`,
  );
  t.true(existsSync(join(dir, 'members/m1/etc/systemd/system/etcd.service')));
  const plan = await quorate(['plan', '--dir', dir]);
  t.deepEqual([plan.code, plan.stdout], [0, '']);
  const apply = await quorate(['apply', '--dir', dir]);
  t.deepEqual([apply.code, apply.stderr], [0, `${dir} was as its plan wants it\n`]);
  const again = await quorate(['--dir', dir, '--yes']);
  t.deepEqual([again.code, again.stdout], [0, init.stdout]);
  t.regex(again.stderr, /quorate\.yaml is there: going on with it/);
});

test('without a terminal init says that it takes the defaults; a dry run writes nothing and prints the plan', async (t) => {
  const dir = join(temporaryFolder(t), 'quorate');
  const { code, stdout, stderr } = await quorate(['init', '--dry-run', '--dir', dir]);
  t.is(code, 0);
  t.regex(stderr, /^no terminal to ask on: taking the defaults, as with --yes\n/);
  t.regex(stderr, /create +users\/app\/app\.crt +the certificate of app\n/);
  t.deepEqual(parsePlanText(stdout, 'stdout').plan, defaultPlan);
  t.false(existsSync(dir));
});

test('plan exits with 2 and lists the steps while there are any, for persons and for programs', async (t) => {
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'quorate.yaml'), systemdPlan);
  const { code, stdout, stderr } = await quorate(['plan'], '', { QUORATE_DIR: dir });
  t.is(code, 2);
  t.regex(stdout, /^create +pki +the authority demo CA\n/);
  t.regex(stderr, /^\d+ steps, 0 to keep: quorate apply does them\n$/);
  const json = await quorate(['plan', '--json', '--dir', dir]);
  t.is(json.code, 2);
  const { steps } = JSON.parse(json.stdout);
  t.is(steps.length, stdout.trimEnd().split('\n').length);
  t.deepEqual(steps[0], { action: 'create', path: 'pki', what: 'the authority demo CA', because: '' });
  t.deepEqual(filesBelow(dir), ['quorate.yaml']);
});

test('a plan with mistakes is refused with all of them, and nothing is written', async (t) => {
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'quorate.yaml'), systemdPlan.replace('10.0.0.1', '0.0.0.0').replace('[root]', '[rot]'));
  for (const command of ['plan', 'apply', 'init']) {
    const { code, stdout, stderr } = await quorate([command, '--dir', dir]);
    t.is(code, 1);
    t.is(stdout, '');
    t.regex(
      stderr,
      /^error: .*quorate\.yaml:3:23: members\[0\]\.host: 0\.0\.0\.0 is no address that others can dial\nhint: /,
    );
    t.regex(
      stderr,
      /error: .*quorate\.yaml:4:40: access\.users\[0\]\.roles\[0\]: there is no role "rot"\nhint: did you mean root\?\nerror: 2 mistakes in /,
    );
    t.deepEqual(filesBelow(dir), ['quorate.yaml']);
  }
});

test('answers that differ from the plan of a DIR are not written over it', async (t) => {
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'quorate.yaml'), systemdPlan);
  const { code, stderr } = await quorate(
    ['init', '--answers', '-', '--dir', dir],
    systemdPlan.replace('10.0.0.1', '10.0.0.2'),
  );
  t.is(code, 1);
  t.regex(stderr, /is there already and differs from what was read\nhint: choose another --dir/);
  t.is(readFileSync(join(dir, 'quorate.yaml'), 'utf8'), systemdPlan);
});

test('a port that is in use stops init before anything is written', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const dir = join(temporaryFolder(t), 'quorate');
  const plan = `version: 1\ncluster: { name: demo }\nmembers: [{ name: m1, host: 127.0.0.1, clientPort: ${port}, peerPort: 1 }]\n`;
  const { code, stderr } = await quorate(['init', '--answers', '-', '--dir', dir], plan);
  t.is(code, 1);
  t.regex(stderr, new RegExp(`error: m1: 127\\.0\\.0\\.1 port ${port} is in use by node .pid ${process.pid}.\nhint: `));
  t.false(existsSync(dir));
});

/** Command lines, their exit code, and what is said. */
const complaints: readonly (readonly [args: readonly string[], code: number, said: RegExp])[] = [
  [
    ['plan', '--dir', '/nonexistent'],
    1,
    /^error: there is no plan at \/nonexistent\/quorate\.yaml\nhint: quorate init writes one/,
  ],
  [['init', '--yes', '--dir', '/dev/null/x'], 1, /^error: .*\/dev\/null\/x.*\nhint: /],
  [['init', '--answers', '/nonexistent', '--dir', '/nonexistent'], 1, /^error: the answers can't be read: .*\nhint: /],
  [['applly'], 2, /^error: there is no command "applly"\nhint: did you mean quorate apply\?\n$/],
  [['xyzzy'], 2, /^error: there is no command "xyzzy"\nhint: quorate --help lists the commands\n$/],
  [['plan', '--jsn'], 2, /^error: unknown option '--jsn'\n\(Did you mean --json\?\)\nhint: /],
  [['plan', 'extra'], 2, /^error: too many arguments for 'plan'.*\nhint: /],
  [['--dir'], 2, /^error: option '--dir <dir>' argument missing\nhint: /],
];

for (const [args, code, said] of complaints) {
  test(`quorate ${args.join(' ')} ends with ${code} and says what and what next`, async (t) => {
    const ended = await quorate(args);
    t.is(ended.code, code);
    t.is(ended.stdout, '');
    t.regex(ended.stderr, said);
  });
}

test('help and version go to stdout, and every command has examples', async (t) => {
  t.deepEqual(await quorate(['--version']), { code: 0, stdout: `${version()}\n`, stderr: '' });
  t.is((await quorate(['serve', '--version'])).stdout, `etcd Version: 3.6.0\nQuorate Version: ${version()}\n`);
  const help = await quorate(['--help']);
  t.is(help.code, 0);
  for (const { name, kind } of commands) {
    t.true(help.stdout.includes(`\n  ${name.split(' ')[0]} `), name);
    if (kind === 'passed') continue;
    const own = await quorate([...name.split(' '), '--help']);
    t.deepEqual([own.code, own.stderr], [0, '']);
    t.regex(own.stdout, /\nExamples:\n {2}quorate/);
  }
});

test('Ctrl-C ends apply with 130 and says how to go on, which works', async (t) => {
  const dir = temporaryFolder(t);
  // RSA keys take long enough to be interrupted.
  const members = [1, 2, 3].map((index) => `{ name: m${index}, host: 10.0.0.${index} }`).join(', ');
  writeFileSync(
    join(dir, 'quorate.yaml'),
    `version: 1\ncluster: { name: demo, run: systemd }\nmembers: [${members}]\npki: { keyType: rsa-2048 }\n`,
  );
  const running = start(['apply', '--dir', dir]);
  const deadline = Date.now() + 30_000;
  while (!existsSync(join(dir, 'pki/ca.key')) && Date.now() < deadline) await delay(2);
  running.kill('SIGINT');
  const { code, stderr } = await running.ended;
  t.is(code, 130);
  t.regex(stderr, /^(\[\d+\/\d+\] .*\n)*stopped after \d+ of \d+ steps\nhint: the same command goes on from there\n$/);
  t.is((await quorate(['apply', '--dir', dir])).code, 0);
  t.is((await quorate(['plan', '--dir', dir])).code, 0);
});

test("a folder that a run without rights can't write to is named with the reason", async (t) => {
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'quorate.yaml'), systemdPlan);
  writeFileSync(join(dir, 'users'), 'a file where a folder has to be');
  const { code, stderr } = await quorate(['apply', '--dir', dir]);
  t.is(code, 1);
  t.regex(stderr, /^error: .*\/users.*\nhint: /);
});

// A mount of one's own needs no rights where users may have namespaces of their own.
const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
const mayMount = spawnSync('unshare', [...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

judge(mayMount ? 'unshare' : 'the right to mount').test(
  'a disk that fills up stops apply with what and where, and it goes on when there is room',
  async (t) => {
    const script = `mount -t tmpfs -o size=64k tmpfs "$0" && printf %s "$3" > "$0/quorate.yaml" || exit 99
      "$1" "$2" apply --dir "$0"; echo "full: $?"
      mount -o remount,size=4m "$0"
      "$1" "$2" apply --dir "$0"; echo "then: $?"
      "$1" "$2" plan --dir "$0"; echo "left: $?"`;
    const args = ['sh', '-c', script, temporaryFolder(t), process.execPath, main, systemdPlan];
    const { stdout, stderr } = await promisify(execFile)('unshare', [...namespace, ...args]);
    t.is(stdout, 'full: 1\nthen: 0\nleft: 0\n');
    t.regex(stderr, /^error: .*no space left on the device\nhint: free some space/);
  },
);
