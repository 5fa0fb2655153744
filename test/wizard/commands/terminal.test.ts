import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { defaultPlan } from '../../../wizard/plan/plan.js';
import { judge } from '../../judges.js';
import { temporaryFolder } from '../apply/folder.js';
import { main, quorate } from './quorate.js';
import { film, withoutChances } from './screens.js';
import { openPane } from './tmux.js';

const terminal = judge('tmux');

const command = (dir: string): string => `env -u NO_COLOR '${process.execPath}' '${main}' --dir '${dir}'`;

/** A folder whose members are stopped before it goes. */
function clusterFolder(t: ExecutionContext): string {
  const dir = join(temporaryFolder(t), 'quorate');
  t.teardown(() => (existsSync(dir) ? quorate(['down', '--dir', dir]) : undefined));
  return dir;
}

terminal.test(
  'Enter all the way through is a running three-member cluster on this machine, and says how to try it',
  async (t) => {
    t.timeout(120_000);
    const dir = clusterFolder(t);
    const began = Date.now();
    const pane = openPane(t, `clear; ${command(dir)} --no-color`);
    const { take, end } = film(t, pane, 'try-it-here', dir, withoutChances);
    const questions = [
      /What is it to be[\s\S]*⏎ select\s*$/,
      /Name of the cluster/,
      /\? Engine[\s\S]*⏎ select\s*$/,
      /\? Members[\s\S]*⏎ select\s*$/,
      /Member 1 of 3/,
      /Member 2 of 3/,
      /Member 3 of 3/,
      /A user besides root/,
      /What app may do[\s\S]*⏎ select\s*$/,
      /keys of app begin with/,
      /May app sign in with a password/,
      /Another user/,
    ];
    for (const question of questions) {
      await take(question.source.split('[')[0]?.replace('\\? ', '') ?? '', question);
      t.false(existsSync(dir));
      pane.press('Enter');
    }
    await pane.shows(/A passphrase for the authority's key/);
    pane.press('Enter');
    await take('review', /\d+ steps: 1 authority, \d+ folders, 8 certificates, \d+ files\s+\? Write this to/);
    t.false(existsSync(dir));
    pane.press('Enter');
    await take('it runs', /ended with 0/);
    end();
    t.regex(
      await pane.shows(/ended with 0/),
      /try it:\s+\. .*\/users\/app\/app\.env\s+etcdctl put \/app\/hello world\s+quorate status --dir /,
    );
    const { plan } = parsePlanText(readFileSync(join(dir, 'quorate.yaml'), 'utf8'), 'quorate.yaml');
    // The usual ports may be in use where the test runs.
    const members = plan.members.map((member, index) => ({
      ...member,
      clientPort: defaultPlan.members[index]?.clientPort,
      peerPort: defaultPlan.members[index]?.peerPort,
    }));
    t.deepEqual<unknown, unknown>({ ...plan, members }, defaultPlan);
    if (judge('etcdctl').present) {
      const put = `. '${dir}/users/app/app.env' && etcdctl put /app/hello world`;
      t.is(execFileSync('sh', ['-c', put], { encoding: 'utf8' }), 'OK\n');
    }
    t.true(Date.now() - began < 180_000, 'nothing but Enter, and a put as app within three minutes');
    t.is((await quorate(['plan', '--dir', dir])).code, 0);
  },
);

terminal.test('a wrong answer to a question is refused there with the reason, and the right one goes on', async (t) => {
  t.timeout(120_000);
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const dir = clusterFolder(t);
  const pane = openPane(t, command(dir));
  const answer = (text: string): void => {
    pane.press('C-u');
    pane.type(text);
    pane.press('Enter');
  };

  await pane.shows(/What is it to be/);
  pane.press('Enter');
  await pane.shows(/Name of the cluster/);
  answer('a/b');
  await pane.shows(/> "a\/b" can't be a cluster name: it names files and certificates; letters, digits/);
  answer('trial');
  await pane.shows(/\? Engine/);
  pane.press('Enter');
  await pane.shows(/survives the loss of one/);
  pane.press('Up');
  await pane.shows(/survives no loss/);
  pane.press('Enter');

  await pane.shows(/Member 1 of 1/);
  answer('m1');
  await pane.shows(/> "m1" is no member; a name, a space, an address/);
  answer('m1 0.0.0.0');
  await pane.shows(/> 0\.0\.0\.0 is no address that others can dial/);
  answer(`m1 127.0.0.1:${port}`);
  await pane.shows(new RegExp(`> 127\\.0\\.0\\.1 port ${port} is in use by node \\(pid \\d+\\); choose another port`));
  answer('m1 [::1]:43279,43280');

  await pane.shows(/A user besides root/);
  answer('../x');
  await pane.shows(/> "\.\.\/x" can't be a user name/);
  answer('m1');
  await pane.shows(/> m1 is a member's name/);
  answer('ada');
  await pane.shows(/What ada may do/);
  pane.press('Enter');
  await pane.shows(/keys of ada begin with/);
  answer('/ada/');
  await pane.shows(/May ada sign in with a password/);
  answer('y');
  await pane.shows(/The password of ada/);
  answer('x'.repeat(73));
  await pane.shows(/> a password has at most 72 bytes, this one has 73/);
  answer('correct horse');
  await pane.shows(/Another user/);
  answer('ADA');
  await pane.shows(/> "ADA" is already the name of access\.users\[0\]/);
  answer('-');
  await pane.shows(/A passphrase for the authority's key/);
  pane.press('Enter');
  const screen = await pane.shows(/\? Write this to/);
  t.false(screen.includes('correct horse'));
  t.false(existsSync(dir));
  answer('y');
  await pane.shows(/ended with 0/);
  t.is(readFileSync(join(dir, 'users/ada/ada.password'), 'utf8'), 'correct horse\n');
  t.regex(
    readFileSync(join(dir, 'quorate.yaml'), 'utf8'),
    /- \{ name: m1, host: "?::1"?, clientPort: 43279, peerPort: 43280 \}/,
  );
});

terminal.test('Ctrl-C at a question ends the wizard with 130, and nothing was written', async (t) => {
  const dir = join(temporaryFolder(t), 'quorate');
  const pane = openPane(t, command(dir));
  await pane.shows(/What is it to be/);
  pane.press('C-c');
  await pane.shows(/cancelled: nothing was written\s+hint: quorate init asks again\s+ended with 130/);
  t.false(existsSync(dir));
});

terminal.test('no to the plan ends the wizard with 130, and nothing was written', async (t) => {
  const folder = temporaryFolder(t);
  const dir = join(folder, 'quorate');
  const answers = join(folder, 'answers.yaml');
  writeFileSync(
    answers,
    'version: 1\ncluster: { name: demo, run: systemd }\nmembers: [{ name: m1, host: 10.0.0.1 }]\n',
  );
  const pane = openPane(t, `${command(dir)} init --answers '${answers}'`);
  await pane.shows(/A passphrase for the authority's key/);
  pane.press('Enter');
  await pane.shows(/\? Write this to/);
  pane.press('n', 'Enter');
  await pane.shows(/nothing was written\s+hint: quorate init --dir .* asks again\s+ended with 130/);
  t.false(existsSync(dir));
});

for (const [title, wrap, colors] of [
  ['in a terminal', (line: string) => line, true],
  ['with --no-color', (line: string) => `${line} --no-color`, false],
  ['with NO_COLOR', (line: string) => line.replace('env -u NO_COLOR', 'env NO_COLOR=1'), false],
  ['when stdout is no terminal', (line: string) => `{ ${line} | cat; }`, false],
] as const) {
  terminal.test(`${title} errors and prompts are ${colors ? 'coloured' : 'plain'}`, async (t) => {
    const failing = openPane(t, wrap(`${command('/nonexistent')} plan`));
    await failing.shows(/error: there is no plan[\s\S]*ended with/);
    t.is(failing.colored().includes('\u001b['), colors);
    const asking = openPane(t, wrap(`${command('/nonexistent')} init`));
    await asking.shows(/What is it to be/);
    t.is(asking.colored().includes('\u001b['), colors);
  });
}
