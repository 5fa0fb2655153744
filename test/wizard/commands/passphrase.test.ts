import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { judge } from '../../judges.js';
import { temporaryFolder } from '../apply/folder.js';
import { main, quorate, start } from './quorate.js';
import { openPane } from './tmux.js';

const terminal = judge('tmux');
const shell = judge('bash');

const variable = (passphrase: string) => ({ QUORATE_CA_PASSPHRASE: passphrase });
const answers = 'version: 1\ncluster: { name: demo, run: systemd }\nmembers: [{ name: m1, host: 10.0.0.1 }]\n';

/** A DIR with an authority: in clear, or under a passphrase. */
async function made(t: ExecutionContext, passphrase = ''): Promise<string> {
  const dir = join(temporaryFolder(t), 'quorate');
  const { code, stderr } = await quorate(
    ['init', '--answers', '-', '--yes', '--dir', dir],
    answers,
    variable(passphrase),
  );
  t.is(code, 0, stderr);
  t.is(stderr.includes("the authority's key is not encrypted: quorate cert passphrase"), passphrase === '');
  t.is(keyOf(dir).startsWith('-----BEGIN ENCRYPTED'), passphrase !== '');
  return dir;
}

const keyPath = (dir: string): string => join(dir, 'pki/ca.key');
const keyOf = (dir: string): string => readFileSync(keyPath(dir), 'utf8');

/** Everything below DIR that is a file, as one text. */
const allOf = (dir: string): string =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');

test('with a passphrase in the environment the key is encrypted under it, and it is written nowhere', async (t) => {
  const dir = await made(t, 'correct horse');
  t.false(allOf(dir).includes('correct horse'));
  rmSync(join(dir, 'users/root/root.crt'));
  t.is((await quorate(['plan', '--dir', dir])).code, 2);
  const refused = await quorate(['apply', '--dir', dir]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /ca\.key is encrypted, and nothing gives its passphrase\nhint: .*--ca-passphrase-fd N/);
  const wrong = await quorate(['apply', '--dir', dir], '', variable('another horse'));
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /the passphrase does not open/);
  t.false(wrong.stderr.includes('another horse'));
  t.false(existsSync(join(dir, 'users/root/root.crt')));
  const done = await quorate(['apply', '--dir', dir, '--ca-passphrase-fd', '0'], 'correct horse\n');
  t.is(done.code, 0, done.stderr);
  t.is((await quorate(['plan', '--dir', dir])).code, 0);
});

shell.test('cert passphrase sets, changes and removes it, by file descriptors', async (t) => {
  const dir = await made(t);
  const folder = temporaryFolder(t);
  const [one, two] = ['first words', 'second words'].map((words, index) => {
    const path = join(folder, String(index));
    writeFileSync(path, `${words}\n`);
    return path;
  });
  const set = await quorate(
    ['cert', 'passphrase', '--dir', dir, '--new-passphrase-fd', '0', '--json'],
    'first words\n',
  );
  t.deepEqual(JSON.parse(set.stdout), { key: keyPath(dir), encrypted: true });
  const line = `'${process.execPath}' '${main}' cert passphrase --dir '${dir}'`;
  const pane = `${line} --ca-passphrase-fd 3 --new-passphrase-fd 4 3<'${one}' 4<'${two}'`;
  const { execFileSync } = await import('node:child_process');
  execFileSync('bash', ['-c', pane], { stdio: 'pipe' });
  const old = await quorate(['cert', 'passphrase', '--dir', dir, '--remove'], '', variable('first words'));
  t.regex(old.stderr, /the passphrase does not open/);
  const removed = await quorate(['cert', 'passphrase', '--dir', dir, '--remove'], '', variable('second words'));
  t.is(removed.code, 0);
  t.regex(removed.stderr, /is in clear now/);
  t.true(keyOf(dir).startsWith('-----BEGIN PRIVATE KEY'));
});

test('two changes at once leave the key under one of the two passphrases', async (t) => {
  const dir = await made(t);
  const words = ['first words', 'second words'];
  const runs = words.map((next) =>
    start(['cert', 'passphrase', '--dir', dir], '', { QUORATE_CA_NEW_PASSPHRASE: next }),
  );
  const codes = (await Promise.all(runs.map(({ ended }) => ended))).map(({ code }) => code);
  // The one that comes later finds the other at work, or a key that its passphrase does not open.
  t.deepEqual(codes.toSorted(), [0, 1]);
  const winner = words[codes.indexOf(0)] ?? '';
  const issued = await quorate(['cert', 'issue', 'client', 'ci', '--dir', dir], '', variable(winner));
  t.is(issued.code, 0, issued.stderr);
});

test('descriptors and passphrases that can not be used are wrong usage, each with its reason', async (t) => {
  const [clear, encrypted] = [await made(t), await made(t, 'correct horse')];
  rmSync(join(encrypted, 'users/root/root.crt'));
  const wrong = [
    [['apply', '--dir', encrypted, '--ca-passphrase-fd', 'x'], '', /--ca-passphrase-fd x: it is no number/],
    [['apply', '--dir', encrypted, '--ca-passphrase-fd', '99'], '', /--ca-passphrase-fd 99: EBADF/],
    [['apply', '--dir', encrypted, '--ca-passphrase-fd', '0'], '', /--ca-passphrase-fd 0: there is no passphrase/],
    [['cert', 'passphrase', '--dir', clear], 'short', /at least 8 characters, this one has 5/],
    [['cert', 'passphrase', '--dir', clear], '', /no new passphrase, and no terminal/],
    [['cert', 'passphrase', '--dir', clear, '--remove'], 'long enough', /--remove takes it off/],
  ] as const;
  for (const [args, next, message] of wrong) {
    const { code, stderr } = await quorate([...args], '', { QUORATE_CA_NEW_PASSPHRASE: next });
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  }
});

terminal.test(
  'at a terminal the passphrase is typed twice for a new key, unseen, and asked for from then on',
  async (t) => {
    t.timeout(120_000);
    const folder = temporaryFolder(t);
    const dir = join(folder, 'quorate');
    writeFileSync(join(folder, 'answers.yaml'), answers);
    const command = `env -u NO_COLOR '${process.execPath}' '${main}' --dir '${dir}'`;
    const pane = openPane(t, `${command} init --answers '${folder}/answers.yaml'; ${command} cert issue client ci`);
    const answer = (text: string): void => {
      pane.type(text);
      pane.press('Enter');
    };
    await pane.shows(/A passphrase for the authority's key \(Enter for none\)/);
    answer('short');
    await pane.shows(/at least 8 characters, this one has 5/);
    pane.press('C-u');
    answer('correct horse');
    await pane.shows(/The same again/);
    answer('correct house');
    await pane.shows(/that is not the same/);
    pane.press('C-u');
    answer('correct horse');
    await pane.shows(/\? Write this to/);
    t.false(existsSync(dir));
    answer('y');
    await pane.shows(/The passphrase of .*ca\.key/);
    answer('wrong');
    await pane.shows(/does not open .*: 2 more/);
    answer('wrong again');
    await pane.shows(/: 1 more/);
    answer('correct horse');
    const screen = await pane.shows(/ended with 0/);
    t.false(/correct ho|wrong/.test(screen));
    t.true(keyOf(dir).startsWith('-----BEGIN ENCRYPTED'));
  },
);

terminal.test('three wrong passphrases end it, and Ctrl-C does at once', async (t) => {
  t.timeout(120_000);
  const dir = await made(t, 'correct horse');
  const command = `'${process.execPath}' '${main}' --dir '${dir}' cert issue client ci`;
  const pane = openPane(t, `${command}; ${command}`);
  await pane.shows(/The passphrase of/);
  for (const next of [/: 2 more/, /: 1 more/, /error: the passphrase does not open/]) {
    pane.type('wrong');
    pane.press('Enter');
    await pane.shows(new RegExp(`${next.source}[\\s\\S]*The passphrase of`));
  }
  pane.press('C-c');
  await pane.shows(/cancelled[\s\S]*ended with 130/);
});
