import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from '../../judges.js';
import { temporaryFolder } from '../apply/folder.js';
import { main, quorate } from './quorate.js';
import { film } from './screens.js';
import { openPane, type Pane } from './tmux.js';

const terminal = judge('tmux');

const command = (dir: string): string => `env NO_COLOR=1 '${process.execPath}' '${main}' --dir '${dir}'`;

const answer = (pane: Pane, text: string): void => {
  pane.press('C-u');
  pane.type(text);
  pane.press('Enter');
};

terminal.test('servers with systemd and real etcd: a wrong answer, back, review, another answer, apply', async (t) => {
  t.timeout(120_000);
  const dir = join(temporaryFolder(t), 'quorate');
  const pane = openPane(t, command(dir));
  const { take, end } = film(t, pane, 'systemd', dir);
  await take('the first question', /⏎ select/);
  pane.press('Down');
  await pane.shows(/❯ servers/);
  pane.press('Enter');
  await pane.shows(/Name of the cluster/);
  answer(pane, 'a/b');
  await take('a wrong answer', /a digit or _/);
  answer(pane, 'prod');
  await pane.shows(/\? Engine[\s\S]*⏎ select/);
  pane.press('Escape');
  await take('back', /\? Name of the cluster \(prod\)/);
  pane.press('Enter');
  await pane.shows(/Name of the cluster prod\s+\? Engine[\s\S]*⏎ select\s*$/);
  pane.press('Down');
  await pane.shows(/❯ real etcd/);
  pane.press('Enter');
  await pane.shows(/\? Members/);
  pane.press('Up');
  await pane.shows(/survives no loss/);
  pane.press('Enter');
  await pane.shows(/Member 1 of 1/);
  answer(pane, 'm1 10.0.0.1');
  await pane.shows(/A user besides root/);
  answer(pane, '-');
  await pane.shows(/A passphrase/);
  pane.press('Enter');
  await take('review', /\? Write this to/);
  answer(pane, 'n');
  await take('which answer', /Which answer[\s\S]*⏎ select/);
  for (const label of ['Name of the cluster', 'Engine', 'Members']) {
    pane.press('Down');
    await pane.shows(new RegExp(`❯ ${label}`));
  }
  pane.press('Enter');
  await pane.shows(/\? Members/);
  pane.press('Down');
  await pane.shows(/survives the loss of one/);
  pane.press('Enter');
  await pane.shows(/Member 2 of 3/);
  answer(pane, 'm2 10.0.0.2');
  await pane.shows(/Member 3 of 3/);
  answer(pane, 'm3 10.0.0.3');
  await pane.shows(/\? Write this to/);
  t.false(existsSync(dir));
  answer(pane, 'y');
  await take('done', /ended with 0/);
  end();
  t.is((await quorate(['plan', '--dir', dir, '--offline'])).code, 0);
});

terminal.test('a control plane with static pods, line by line: nothing that was written is written over', async (t) => {
  t.timeout(120_000);
  const dir = join(temporaryFolder(t), 'quorate');
  const pane = openPane(t, `${command(dir)} --plain`);
  const { take, end } = film(t, pane, 'static-pod-plain', dir);
  const steps: readonly (readonly [shown: RegExp, typed: string])[] = [
    [/What is it to be \[[^\]]*\]: $/m, '4'],
    [/is no number from 1 to 3[\s\S]*: $/m, '3'],
    [/Name of the cluster \[.*: $/m, '<'],
    [/Name of the cluster .*<[\s\S]*What is it to be \[a number, Enter: 3\]: $/m, ''],
    [/What is it to be[\s\S]*What is it to be[\s\S]*What is it to be.*\s+Name of the cluster \[.*: $/m, 'k8s'],
    [/Engine \[.*: $/m, ''],
    [/Members \[.*: $/m, '1'],
    [/Member 1 of 1.*: $/m, 'm1 10.0.0.1'],
    [/A user besides root.*: $/m, '-'],
    [/A passphrase/, ''],
    [/Write this to .*: $/m, 'maybe'],
    [/neither yes nor no\s+Write this to .*: $/m, 'y'],
  ];
  for (const [shown, typed] of steps) {
    await pane.shows(shown);
    t.false(existsSync(dir));
    pane.type(typed);
    pane.press('Enter');
  }
  await take('all of it', /ended with 0/);
  end();
});

terminal.test('a cluster that is there: each way leads to a command, and back', async (t) => {
  t.timeout(120_000);
  const folder = temporaryFolder(t);
  const dir = join(folder, 'quorate');
  const answers = join(folder, 'answers.yaml');
  const access =
    'access: { roles: [{ name: w, permissions: [{ access: read, prefix: /w/ }] }], users: [{ name: ann, roles: [w] }] }';
  writeFileSync(
    answers,
    `version: 1\ncluster: { name: demo, run: systemd }\nmembers: [{ name: m1, host: 127.0.0.1, clientPort: 9, peerPort: 10 }]\n${access}\n`,
  );
  t.is((await quorate(['init', '--yes', '--answers', answers, '--dir', dir])).code, 0);
  const pane = openPane(t, `clear; ${command(dir)}`);
  const { take, end } = film(t, pane, 'day-two', dir);
  await take('what is wanted', /⏎ select/);
  const open = async (label: string): Promise<void> => {
    for (let at = 0; !(await pane.shows(/❯/)).includes(`❯ ${label}`); at += 1) {
      if (at > 40) throw new Error(`${label} is not offered`);
      pane.press('Down');
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    pane.press('Enter');
  };
  const leave = async (): Promise<void> => {
    pane.press('Escape');
    await pane.shows(/\? The cluster demo is there[\s\S]*⏎ select\s*$/);
  };
  await open('new user, who');
  await pane.shows(/\? The request/);
  answer(pane, 'nowhere.csr');
  await take('a request that is not there', /there is no file/);
  await leave();
  await open('user leaves');
  await take('who leaves', /\? Who[\s\S]*⏎ select/);
  await leave();
  await open('add a member');
  await pane.shows(/\? Its name and address/);
  answer(pane, 'm2 0.0.0.0');
  await take('a member with a wrong address', /is no address that others can dial/);
  await leave();
  await open('renew');
  await take('what is renewed', /\? Which[\s\S]*⏎ select/);
  await leave();
  await open('back up');
  await take('where the backup goes', /\? The file/);
  await leave();
  await open('new user');
  await pane.shows(/\? The name/);
  for (const [wrong, said] of [
    ['../x', /"\.\.\/x" can't be a user name/],
    ['ANN', /is already the name of/],
    ['root', /root is there already/],
    ['x'.repeat(300), /a user name has at most 64 characters, this one has 300/],
    ['$(id)', /"\$\(id\)" can't be a user name/],
  ] as const) {
    answer(pane, wrong);
    await pane.shows(said);
  }
  answer(pane, 'bob');
  await take('the role', /\? The role[\s\S]*⏎ select/);
  pane.press('Enter');
  await pane.shows(/\? Run it\?/);
  pane.press('Escape');
  await pane.shows(/\? The role[\s\S]*⏎ select\s*$/);
  pane.press('Enter');
  await pane.shows(/\? Run it\?[^?]*$/);
  answer(pane, 'n');
  await take('another answer', /\? The name \(bob\)/);
  pane.press('Enter');
  await pane.shows(/\? The role[\s\S]*⏎ select\s*$/);
  pane.press('Enter');
  await take('review', /\? Run it\? \(Y\/n\)\s*$/);
  t.false(existsSync(join(dir, 'users/bob')));
  pane.press('Enter');
  await take('the command', /ended with 0/);
  end();
  t.true(existsSync(join(dir, 'users/bob/bob.crt')));
});
