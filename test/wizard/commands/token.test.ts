import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ImplementationFn } from 'ava';
import { judge } from '../../judges.js';
import { canSpeak, makeToken, softhsm } from '../../pki/softhsm.js';
import { temporaryFolder } from '../apply/folder.js';
import { main, quorate } from './quorate.js';
import { openPane } from './tmux.js';

const terminal = judge('tmux', 'softhsm2-util');

function judged(title: string, work: ImplementationFn<[]>, judges = softhsm): void {
  if (canSpeak) judges.test(title, work);
  else test.skip(title, work);
}

const planFor = (uri: string, run = 'systemd'): string => `version: 1
cluster: { name: demo, run: ${run} }
members: [{ name: m1, host: ${run === 'local' ? '127.0.0.1' : '10.0.0.1'} }]
pki: { key: "${uri}" }
`;

judged('apply makes the key on the token, signs with it, and writes its PIN nowhere', async (t) => {
  const token = makeToken();
  const dir = join(temporaryFolder(t), 'quorate');
  const run = (args: readonly string[], pin = '') =>
    quorate([...args, '--dir', dir], '', { ...token.environment, QUORATE_CA_PASSPHRASE: pin });
  const plan = join(dir, 'quorate.yaml');
  mkdirSync(dir);
  // Its member does not run: nobody has to follow a rotation.
  writeFileSync(plan, planFor(token.uri('ca'), 'local'));
  const apply = ['apply'];
  const unopened = await run(apply);
  t.is(unopened.code, 1);
  t.regex(unopened.stderr, /nothing gives the PIN of the token my token\nhint: .*--ca-passphrase-fd N/);
  t.regex((await run(apply, 'pin 0000')).stderr, /the PIN does not open the token my token/);
  const done = await run(apply, token.pin);
  t.is(done.code, 0, done.stderr);
  t.notRegex(done.stderr, /not encrypted/);
  t.is(readFileSync(join(dir, 'pki/ca.key'), 'utf8'), `${token.uri('ca')}\n`);
  t.is((await run(['plan'])).code, 0);
  const issued = await run(['cert', 'issue', 'client', 'ci'], token.pin);
  t.is(issued.code, 0, issued.stderr);
  const changed = await quorate(['cert', 'passphrase', '--dir', dir, '--remove'], '', {
    ...token.environment,
    QUORATE_CA_PASSPHRASE: token.pin,
  });
  t.regex(changed.stderr, /the key is on a token, and has no passphrase/);
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name));
  t.deepEqual(
    files.filter((path) => statSync(path).isFile() && readFileSync(path).includes(token.pin)),
    [],
  );
});

judged(
  'at a terminal the PIN is asked for, once, where the token is signed in to',
  async (t) => {
    t.timeout(120_000);
    const token = makeToken();
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'answers.yaml'), planFor(token.uri('ca')));
    const environment = `env SOFTHSM2_CONF='${token.environment.SOFTHSM2_CONF}'`;
    const line = `${environment} '${process.execPath}' '${main}' --dir '${folder}/quorate'`;
    const pane = openPane(t, `${line} init --answers '${folder}/answers.yaml'`);
    await pane.shows(/\? Write this to/);
    pane.press('Enter');
    await pane.shows(/\? The PIN of the token my token/);
    pane.type('pin 0000');
    pane.press('Enter');
    await pane.shows(/the PIN does not open the token my token: 2 more/);
    pane.type(token.pin);
    pane.press('Enter');
    const screen = await pane.shows(/ended with 0/);
    t.false(screen.includes(token.pin));
  },
  terminal,
);

judged('a rotation makes the next key beside the one that is there, under another name', async (t) => {
  const token = makeToken();
  const dir = join(temporaryFolder(t), 'quorate');
  const run = (args: readonly string[], input = '') =>
    quorate([...args, '--dir', dir], input, { ...token.environment, QUORATE_CA_PASSPHRASE: token.pin });
  const local = planFor(token.uri('ca')).replace('run: systemd', 'run: local').replace('10.0.0.1', '127.0.0.1');
  t.is((await run(['init', '--answers', '-', '--yes', '--dry-run'], local)).code, 0);
  mkdirSync(dir);
  writeFileSync(join(dir, 'quorate.yaml'), local);
  t.is((await run(['apply'])).code, 0);
  const same = await run(['cert', 'rotate-ca']);
  t.is(same.code, 1);
  t.regex(same.stderr, /is the key of the authority that is there\nhint: name another object/);
  writeFileSync(join(dir, 'quorate.yaml'), local.replace(token.uri('ca'), token.uri('ca 2')));
  const next = await run(['cert', 'rotate-ca']);
  t.is(next.code, 2, next.stderr);
  t.is(readFileSync(join(dir, 'pki/ca.key'), 'utf8'), `${token.uri('ca 2')}\n`);
  t.is((await run(['cert', 'rotate-ca', '--finish'])).code, 0);
  // And back into a file, under what is given for new keys.
  writeFileSync(join(dir, 'quorate.yaml'), local.replace(/^pki: .*$/m, ''));
  const back = await run(['cert', 'rotate-ca']);
  t.is(back.code, 2, back.stderr);
  t.regex(readFileSync(join(dir, 'pki/ca.key'), 'utf8'), /^-----BEGIN ENCRYPTED/);
});
