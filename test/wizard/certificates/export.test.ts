import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { readSecret, type SecretInput } from '../../../wizard/secret-input.js';
import { Terminal } from '../../../wizard/terminal.js';
import { judge } from '../../judges.js';
import { filesBelow, temporaryFolder } from '../apply/folder.js';
import { type Ended, main, quorate } from '../commands/quorate.js';
import { openPane } from '../commands/tmux.js';

const openssl = judge('openssl');
const tmux = judge('tmux', 'openssl');

const plan = `version: 1
cluster: { name: demo, engine: etcd, run: systemd }
members: [{ name: m1, host: 10.0.0.1 }]
access: { users: [{ name: ops, roles: [root] }] }
`;

interface Setting {
  readonly dir: string;
  /** Where exports go. */
  readonly out: string;
  readonly run: (...args: readonly string[]) => Promise<Ended>;
}

let dir = '';

/** One cluster for all: exports change nothing of it. */
test.before(async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-test-'));
  dir = join(folder, 'quorate');
  mkdirSync(dir);
  writeFileSync(join(dir, 'quorate.yaml'), plan);
  const made = await quorate(['apply', '--dir', dir]);
  t.is(made.code, 0, made.stderr);
});

test.after.always(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

const setting = (t: ExecutionContext): Setting => ({
  dir,
  out: join(temporaryFolder(t), 'out'),
  run: (...args) => quorate(['cert', ...args, '--dir', dir]),
});

const text = (...path: readonly string[]): string => readFileSync(join(...path), 'utf8');
const mode = (...path: readonly string[]): number => statSync(join(...path)).mode & 0o777;
const isPair = (folder: string, name: string): boolean =>
  new X509Certificate(text(folder, `${name}.crt`)).checkPrivateKey(createPrivateKey(text(folder, `${name}.key`)));

test('pem is the certificate, its key for its owner only, and the authority, each in a file', async (t) => {
  const { dir, out, run } = setting(t);
  const { code, stdout, stderr } = await run('export', 'm1/peer', '--format', 'pem', '--out', out);
  const paths = ['m1-peer.key', 'm1-peer.crt', 'ca.crt'].map((name) => join(out, name));
  t.deepEqual([code, stdout.split('\n')], [0, [...paths, '']], stderr);
  t.deepEqual([mode(out, 'm1-peer.key'), mode(out, 'm1-peer.crt')], [0o600, 0o644]);
  t.true(isPair(out, 'm1-peer'));
  t.is(text(out, 'ca.crt'), text(dir, 'pki/ca.crt'));

  // The same authority is no reason to refuse a second certificate; what is there is.
  t.is((await run('export', 'ops', '--format', 'pem', '--out', out)).code, 0);
  writeFileSync(join(out, 'ops.key'), 'mine');
  writeFileSync(join(out, 'ops.crt'), 'mine');
  const again = await run('export', 'ops', '--format', 'pem', '--out', out);
  t.is(again.code, 1);
  t.regex(again.stderr, /ops\.key, .*ops\.crt are there already, and not overwritten\nhint: .*--force replaces it/);
  t.is((await run('export', 'ops', '--format', 'pem', '--out', out, '--force')).code, 0);
  t.true(isPair(out, 'ops'));
});

test('--force replaces no private key of something else, and nothing that apply has made', async (t) => {
  const { dir, out, run } = setting(t);
  mkdirSync(out);
  const other = text(dir, 'members/m1/etc/quorate/peer.key');
  writeFileSync(join(out, 'ops.key'), other);
  const refused = await run('export', 'ops', '--format', 'pem', '--out', out, '--force');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /ops\.key is the private key of something else, and never replaced/);
  t.deepEqual([text(out, 'ops.key'), filesBelow(out)], [other, ['ops.key']]);
  symlinkSync(join(dir, 'pki'), join(out, 'link'));
  const authority = text(dir, 'pki/ca.crt');
  for (const place of [join(dir, 'pki/ca.crt'), join(out, 'link/ca.crt')]) {
    const { code, stderr } = await run('export', 'm1/server', '--format', 'fullchain', '--out', place, '--force');
    t.is(code, 2, stderr);
    t.regex(stderr, /is among what quorate keeps in .*--force replaces nothing there/);
  }
  t.is(text(dir, 'pki/ca.crt'), authority);
});

test('a link where the file should go is neither followed nor replaced unasked', async (t) => {
  const { dir, out, run } = setting(t);
  mkdirSync(out);
  const victim = join(out, 'victim');
  writeFileSync(victim, 'precious');
  for (const target of [victim, join(out, 'nothing')]) {
    const link = join(out, `link-to-${target === victim ? 'a-file' : 'nothing'}`);
    symlinkSync(target, link);
    const export_ = ['export', 'ops', '--format', 'k8s-secret', '--out', link];
    const { code, stderr } = await run(...export_);
    t.is(code, 1);
    t.regex(stderr, /is there already, and not overwritten/);
    t.is((await run(...export_, '--force')).code, 0);
    t.true(statSync(link).isFile());
    t.is(mode(link), 0o600);
  }
  t.is(readFileSync(victim, 'utf8'), 'precious');
  t.false(existsSync(join(out, 'nothing')));
  t.is((await run('export', 'ops', '--format', 'fullchain', '--out', join(dir, 'quorate.yaml', 'x'))).code, 1);
});

test('a Secret has the names that Kubernetes and its ingresses look for', async (t) => {
  const { dir, out, run } = setting(t);
  const args = ['export', 'm1/server', '--format', 'k8s-secret', '--namespace', 'kube-system'];
  const { code, stdout, stderr } = await run(...args, '--out', '-');
  t.is(code, 0, stderr);
  const { kind, type, metadata, data } = parse(stdout);
  t.deepEqual([kind, type, metadata], ['Secret', 'kubernetes.io/tls', { name: 'm1-server', namespace: 'kube-system' }]);
  const decoded = (name: string): string => Buffer.from(data[name], 'base64').toString();
  t.is(decoded('ca.crt'), text(dir, 'pki/ca.crt'));
  t.is(decoded('tls.crt'), text(dir, 'members/m1/etc/quorate/server.crt'));
  t.is(decoded('tls.key'), text(dir, 'members/m1/etc/quorate/server.key'));
  const bad = await run(...args, '--secret-name', 'Ops_1', '--namespace', '../x', '--out', out);
  t.is(bad.code, 2);
  t.regex(bad.stderr, /a Secret can't be called "Ops_1"; a namespace can't be called "\.\.\/x"/);
});

test("kubeadm's layout takes what kubeadm itself would make, and says what is to be issued before", async (t) => {
  const { dir, out, run } = setting(t);
  const before = await run('export', 'm1', '--format', 'kubeadm', '--out', out);
  t.is(before.code, 1);
  t.regex(before.stderr, /hint: quorate cert issue healthcheck-client .*&& quorate cert issue apiserver-etcd-client /);
  t.false(existsSync(out));
  for (const profile of ['healthcheck-client', 'apiserver-etcd-client']) await run('issue', profile);
  const { code, stderr } = await run('export', 'm1', '--format', 'kubeadm', '--out', out);
  t.is(code, 0, stderr);
  const pairs = ['apiserver-etcd-client', 'etcd/healthcheck-client', 'etcd/peer', 'etcd/server'];
  const files = [...pairs.flatMap((name) => [`${name}.crt`, `${name}.key`]), 'etcd/ca.crt'];
  t.deepEqual(filesBelow(out), files.sort());
  for (const pair of pairs) {
    t.true(isPair(out, pair), pair);
    t.is(mode(out, `${pair}.key`), 0o600);
    const leaf = new X509Certificate(text(out, `${pair}.crt`));
    t.true(leaf.checkIssued(new X509Certificate(text(dir, 'pki/ca.crt'))));
  }
});

const subjects = (file: string, password: string): string =>
  spawnSync('openssl', ['pkcs12', '-in', file, '-nodes', '-passin', `env:SECRET`], {
    encoding: 'utf8',
    env: { ...process.env, SECRET: password },
  }).stdout;

openssl.test('a password comes by a variable or is made up, and never from the command line', async (t) => {
  const { out, run } = setting(t);
  const to = (name: string): string => join(out, `${name}.p12`);
  const args = (name: string): string[] => ['export', 'ops', '--format', 'pkcs12', '--out', to(name)];
  const own = 'correct horse';
  t.is((await quorate(['cert', ...args('own'), '--password-env', 'P12', '--dir', dir], '', { P12: own })).code, 0);
  const made = await run(...args('made'), '--generate-password');
  const [, generated = ''] = /password of ops\.p12: (\S{24})\n/.exec(made.stderr) ?? [];
  for (const [name, password] of [
    ['own', own],
    ['made', generated],
  ] as const) {
    t.regex(subjects(to(name), password), /subject=CN = ops\n[\s\S]*BEGIN CERTIFICATE/, name);
    t.is(mode(to(name)), 0o600);
  }
  const refused = await run(...args('none'), '--password', 'secret');
  t.is(refused.code, 2);
  t.regex(refused.stderr, /unknown option '--password'/);
  const unasked = await run(...args('none'));
  t.is(unasked.code, 2);
  t.regex(
    unasked.stderr,
    /nobody can be asked for the password of ops\.p12\nhint: --password-env NAME, --password-fd N/,
  );
  t.false(existsSync(to('none')));
});

test('a descriptor is read to its end; empty, short and doubled secrets are refused', async (t) => {
  const folder = temporaryFolder(t);
  const { stdout, stderr, stdin } = process;
  const terminal = new Terminal({ stdout, stderr, stdin, colors: false, plain: false });
  const asked = { what: 'password', flag: '--password', generate: false, descriptor: undefined, variable: undefined };
  const ask = (more: Partial<SecretInput>): Promise<string> =>
    readSecret(
      { ...asked, objection: (secret) => (secret.length < 8 ? { what: 'too short' } : undefined), ...more },
      terminal,
    );
  const holding = (content: string): string => {
    const file = join(folder, `${content.length}`);
    writeFileSync(file, content);
    return String(openSync(file, 'r'));
  };
  t.is(await ask({ descriptor: holding(' correct horse \n') }), ' correct horse ');
  const complaints: readonly (readonly [Partial<SecretInput>, RegExp])[] = [
    [{ descriptor: holding('\n') }, /--password-fd \d+: there is no password in it/],
    [{ descriptor: holding('short') }, /too short/],
    [{ descriptor: '7777' }, /--password-fd 7777: EBADF/],
    [{ descriptor: 'x' }, /--password-fd x: it is no number/],
    [{ variable: 'QUORATE_NOWHERE' }, /the variable QUORATE_NOWHERE holds no password/],
    [{ descriptor: '0', generate: true }, /is given in 2 ways/],
  ];
  for (const [given, message] of complaints) await t.throwsAsync(ask(given), { message });
});

tmux.test('a person types the password twice, and sees none of it', async (t) => {
  const { dir, out } = setting(t);
  const file = join(out, 'ops.p12');
  const pane = openPane(t, `${process.execPath} ${main} cert export ops --format pkcs12 --dir ${dir} --out ${file}`);
  await pane.shows(/The password of ops\.p12 \(Enter makes one up\)/);
  pane.type('battery staple');
  pane.press('Enter');
  await pane.shows(/The same again/);
  pane.type('battery stable');
  pane.press('Enter');
  await pane.shows(/that is not the same/);
  pane.press('C-u');
  pane.type('battery staple');
  pane.press('Enter');
  t.notRegex(await pane.shows(/ended with 0/), /staple/);
  t.regex(subjects(file, 'battery staple'), /subject=CN = ops/);
});

test('what can not be exported is refused, by its name and with the way out', async (t) => {
  const { dir, out, run } = setting(t);
  const crt = join(dir, 'users/ops/ops.crt');
  const complaints: readonly (readonly [code: number, args: readonly string[], said: RegExp])[] = [
    [2, ['ops'], /--format is missing\nhint: one of pem,/],
    [2, ['ops', '--format', 'pkcs21'], /there is no "pkcs21"\nhint: did you mean pkcs12\?/],
    [2, ['m1', '--format', 'pem'], /the member m1 has two certificates\nhint: m1\/server or m1\/peer/],
    [2, ['m1/sever', '--format', 'pem'], /no user or certificate "m1\/sever"\nhint: did you mean m1\/server\?/],
    [2, ['ops', '--format', 'kubeadm'], /kubeadm's layout is of a whole member|no user or certificate/],
    [2, ['ops', '--format', 'pem', '--out', '-', '--opaque'], /--opaque has no say .*; pem is several files/],
    [1, ['./nothing.crt', '--format', 'pem'], /cannot read .*nothing\.crt: there is no such file/],
    [1, [join(dir, 'quorate.yaml.crt'), '--format', 'pem'], /there is no such file/],
    [
      1,
      [crt, '--key', join(dir, 'members/m1/etc/quorate/peer.key'), '--format', 'pkcs12'],
      /peer\.key is not the key of/,
    ],
    [1, [crt, '--ca', crt, '--format', 'pem'], /does not lead to an authority of/],
  ];
  await Promise.all(
    complaints.map(async ([expected, args, said]) => {
      const { code, stdout, stderr } = await run('export', ...args, ...(args.includes('--out') ? [] : ['--out', out]));
      t.deepEqual([code, stdout], [expected, ''], stderr);
      t.regex(stderr, said);
    }),
  );
  t.false(existsSync(out));
  // A certificate whose key is elsewhere: what needs no key can be had all the same.
  const alone = join(temporaryFolder(t), 'alone.crt');
  writeFileSync(alone, readFileSync(crt));
  const pem = await run('export', alone, '--format', 'pem', '--out', out);
  t.deepEqual([pem.code, filesBelow(out)], [0, ['alone.crt', 'ca.crt']], pem.stderr);
  const p12 = await run('export', alone, '--format', 'pkcs12', '--generate-password', '--out', out);
  t.is(p12.code, 1);
  t.regex(p12.stderr, /pkcs12 needs the key of ops, and there is none beside the certificate\nhint: .*--key/);
  t.notRegex(p12.stderr, /password of/);
});

const pyYaml = spawnSync('python3', ['-c', 'import yaml']).status === 0;
judge(pyYaml ? 'python3' : 'python3-yaml').test('another parser reads the same Secret', async (t) => {
  const { run } = setting(t);
  const { stdout } = await run('export', 'ops', '--format', 'k8s-secret', '--secret-name', 'yes', '--out', '-');
  const script = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)';
  const read = JSON.parse(execFileSync('python3', ['-c', script], { input: stdout, encoding: 'utf8' }));
  t.deepEqual(read, parse(stdout));
  t.is(read.metadata.name, 'yes');
});
