import { execFile } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Encrypter } from 'age-encryption';
import test, { type ExecutionContext } from 'ava';
import { EtcdClient } from '#cluster';
import { PkiError } from '#pki';
import { WizardError } from '../../../wizard/errors.js';
import { packKit, unpackKit } from '../../../wizard/users/kit-archive.js';
import { findKit, type KitFolder, settleKit } from '../../../wizard/users/kit-folder.js';
import { requestAccess } from '../../../wizard/users/request.js';
import { tryKit } from '../../../wizard/users/try-kit.js';
import { judge } from '../../judges.js';
import { filesBelow, temporaryFolder } from '../apply/folder.js';
import { quorate } from '../commands/quorate.js';
import { appliedCluster } from '../run/cluster.js';

const { signal } = new AbortController();

async function triedWith({ name, endpoints, ca, certificate, key }: KitFolder): Promise<string[]> {
  const read = (path: string): string => readFileSync(path, 'utf8');
  const client = EtcdClient.connect({ endpoints, tls: { ca: read(ca), cert: read(certificate), key: read(key) } });
  try {
    return (await tryKit(client, name, signal)).map(({ what, outcome }) => `${what} ${outcome}`);
  } finally {
    client.close();
  }
}

/** From a request on the user's machine to a user who has left. */
const lifeOf = (engine: 'included' | 'etcd') => async (t: ExecutionContext) => {
  t.timeout(120_000);
  const cluster = await appliedCluster(t, { engine });
  const up = await cluster.run(['up', '-d']);
  t.is(up.code, 0, up.stderr);
  const own = temporaryFolder(t);
  const { csrPath, keyPath, spoken } = await requestAccess({ name: 'ann', folder: own, keyType: 'ecdsa-p256' });
  t.regex(spoken, /^([0-9a-f]{4} ){4}[0-9a-f]{4}$/);
  const approved = await cluster.run(['user', 'approve', csrPath, '--role', 'writer']);
  t.is(approved.code, 0, approved.stderr);
  t.is(approved.stderr.match(new RegExp(spoken, 'g'))?.length, 2, 'shown before and after');

  const folder = join(own, 'kit');
  cpSync(cluster.at('users/ann'), folder, { recursive: true });
  const kit = await findKit(folder);
  await t.throwsAsync(settleKit(kit, undefined), { instanceOf: WizardError, message: /there is no key/ });
  await t.throwsAsync(settleKit(kit, cluster.at('users/app/app.key')), { message: /is not the key of/ });
  await t.throwsAsync(settleKit(kit, keyPath), { instanceOf: PkiError, code: 'file-exists' });
  const again = join(own, 'again');
  cpSync(cluster.at('users/ann'), again, { recursive: true });
  const ann = await findKit(again);
  await settleKit(ann, keyPath);
  await settleKit(ann, keyPath);
  t.is(statSync(ann.key).mode & 0o777, 0o600);
  for (const file of ['ann.env', 'README.md']) {
    const text = readFileSync(join(again, file), 'utf8');
    t.true(text.includes(`${again}/`) && !text.includes(cluster.dir), text);
  }
  t.deepEqual(await triedWith(ann), ['connection ok', 'identity ok', 'allowed ok', 'refused ok']);
  const root = await findKit(cluster.at('users/root'));
  t.deepEqual(await triedWith(root), ['connection ok', 'identity ok', 'allowed ok', 'refused left-out']);

  const etcdctl = (...words: string[]) =>
    promisify(execFile)('sh', ['-c', `. '${again}/ann.env' && etcdctl "$@"`, 'sh', ...words]);
  const [, lease = ''] = /lease ([0-9a-f]+) granted/.exec((await etcdctl('lease', 'grant', '600')).stdout) ?? [];
  await etcdctl('put', '/app/mine', '1', `--lease=${lease}`);
  const removed = await cluster.run(['user', 'remove', 'ann', '--yes', '--json']);
  t.is(removed.code, 0, removed.stderr);
  const { leases } = JSON.parse(removed.stdout) as { leases: { id: string; keys: string[] }[] };
  t.deepEqual(
    leases.map(({ id, keys }) => [id, keys]),
    [[lease, ['/app/mine']]],
  );
  t.deepEqual((await triedWith(ann))[0]?.endsWith('failed'), true);
};

judge('etcdctl').test(
  'a request becomes a kit that is tried, and its user leaves: the included store',
  lifeOf('included'),
);
judge('etcd', 'etcdctl').test('a request becomes a kit that is tried, and its user leaves: etcd', lifeOf('etcd'));

test('a packed kit is unpacked and tried by its passphrase, and nothing is put over what is there', async (t) => {
  t.timeout(120_000);
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const theirs = temporaryFolder(t);
  const file = join(theirs, 'bob.kit');
  const added = await cluster.run(['user', 'add', 'bob', '--role', 'writer', '--pack', file]);
  t.is(added.code, 0, added.stderr);
  const [, passphrase = ''] = /passphrase of the packed kit: (\S+)/.exec(added.stderr) ?? [];
  t.true(passphrase.length >= 20);
  t.false(added.stdout.includes(passphrase));
  t.is(statSync(file).mode & 0o777, 0o600);
  const out = join(theirs, 'bob');
  const kit = (secret: string, folder = out) =>
    quorate(['user', 'kit', file, '--out', folder, '--passphrase-env', 'KIT', '--json'], '', { KIT: secret });
  const wrong = await kit('not this one');
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /does not open with this passphrase/);
  const tried = await kit(passphrase);
  t.is(tried.code, 0, tried.stderr);
  const { trials } = JSON.parse(tried.stdout.slice(tried.stdout.indexOf('{'))) as { trials: { outcome: string }[] };
  t.deepEqual(
    trials.map(({ outcome }) => outcome),
    ['ok', 'ok', 'ok', 'ok'],
  );
  t.deepEqual(filesBelow(out), ['README.md', 'bob.crt', 'bob.env', 'bob.key', 'ca.crt']);
  t.is(statSync(join(out, 'bob.key')).mode & 0o777, 0o600);
  const again = await kit(passphrase);
  t.is(again.code, 1);
  t.regex(again.stderr, /is there already/);

  const trap = join(theirs, 'trap');
  const victim = join(theirs, 'victim');
  mkdirSync(trap);
  writeFileSync(victim, 'mine');
  symlinkSync(victim, join(trap, 'ca.crt'));
  t.is((await kit(passphrase, trap)).code, 1);
  t.is(readFileSync(victim, 'utf8'), 'mine');
});

test('a kit whose files lead elsewhere is not written through', async (t) => {
  const cluster = await appliedCluster(t);
  const own = temporaryFolder(t);
  const victim = join(own, 'victim');
  writeFileSync(victim, readFileSync(cluster.at('users/app/app.env'), 'utf8'));
  const folder = join(own, 'kit');
  cpSync(cluster.at('users/app'), folder, { recursive: true });
  const before = readFileSync(victim, 'utf8');
  rmSync(join(folder, 'app.env'));
  symlinkSync(victim, join(folder, 'app.env'));
  await settleKit(await findKit(folder), undefined);
  t.is(readFileSync(victim, 'utf8'), before);
  t.true(lstatSync(join(folder, 'app.env')).isFile());
  rmSync(join(folder, 'app.key'));
  symlinkSync(join(own, 'stolen'), join(folder, 'app.key'));
  await t.throwsAsync(settleKit(await findKit(folder), cluster.at('users/app/app.key')), { code: 'file-exists' });
  t.false(existsSync(join(own, 'stolen')));
  cpSync(join(folder, 'app.crt'), join(folder, '$(id).crt'));
  rmSync(join(folder, 'app.env'));
  writeFileSync(join(folder, '$(id).env'), before);
  await t.throwsAsync(findKit(folder), { code: 'files-refused', message: /is no user's name/ });
});

test('a kit whose settings do more than set, or that is of somebody else, is refused', async (t) => {
  const cluster = await appliedCluster(t);
  const own = temporaryFolder(t);
  const fresh = (name: string): string => {
    const folder = join(own, name);
    cpSync(cluster.at('users/app'), folder, { recursive: true });
    return folder;
  };
  for (const [at, line] of [
    'touch /tmp/planted',
    "export ETCDCTL_KEY='a'; touch /tmp/planted",
    'export ETCDCTL_KEY=$(id)',
    "export ETCDCTL_KEY='a",
    'export PATH=/tmp',
    'export ETCDCTL_KEY=`id`',
    'ETCDCTL_KEY=a env',
  ].entries()) {
    const folder = fresh(`planted${at}`);
    appendFileSync(join(folder, 'app.env'), `${line}\n`);
    await t.throwsAsync(findKit(folder), { code: 'files-refused', message: /has a line that is no setting/ }, line);
  }
  const others = fresh('others');
  for (const end of ['crt', 'key']) cpSync(cluster.at(`users/root/root.${end}`), join(others, `app.${end}`));
  await t.throwsAsync(settleKit(await findKit(others), undefined), { message: /is "root"'s, and not app's/ });
});

test('a kit in one file opens with its passphrase, in quorate and by hand, and with no other', async (t) => {
  const files = { 'ann.env': 'a', 'ann.crt': 'b', 'ca.crt': 'c', 'ann.key': 'd', 'README.md': 'e' };
  const packed = await packKit({ kit: 1, name: 'ann', files }, 'correct horse');
  t.false(Buffer.from(packed).includes('ann'));
  t.deepEqual(await unpackKit(packed, 'correct horse', 'a.kit'), { kit: 1, name: 'ann', files });
  await t.throwsAsync(unpackKit(packed, 'battery staple', 'a.kit'), {
    instanceOf: WizardError,
    code: 'answer-refused',
  });
  const damaged = Uint8Array.from(packed);
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  await t.throwsAsync(unpackKit(damaged, 'correct horse', 'a.kit'), { code: 'answer-refused' });
});

for (const [what, content] of [
  ['a name that leads out of the folder', { kit: 1, name: '../escaped', files: {} }],
  ['a name that is a path', { kit: 1, name: '/tmp/absolute', files: {} }],
  ['a name of dots', { kit: 1, name: '..', files: {} }],
  ["another user's file", { kit: 1, name: 'a', files: { 'b.key': '' } }],
  ['a path out of the folder', { kit: 1, name: 'a', files: { '../../a.key': '' } }],
  ['a path into a folder', { kit: 1, name: 'a', files: { 'x/a.key': '' } }],
  ['an absolute path', { kit: 1, name: 'a', files: { '/etc/a.key': '' } }],
  ['a hidden file', { kit: 1, name: 'a', files: { '.bashrc.env': '' } }],
  ['a file of another kind', { kit: 1, name: 'a', files: { 'run.sh': '' } }],
  ['a file that is too large', { kit: 1, name: 'a', files: { 'a.crt': 'x'.repeat(100_000) } }],
  [
    'too many files',
    { kit: 1, name: 'a', files: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`a${n}.crt`, ''])) },
  ],
  ['another version', { kit: 2, name: 'a', files: {} }],
  ['no JSON', undefined],
] as const) {
  test(`a packed kit with ${what} is refused whole`, async (t) => {
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(10);
    encrypter.setPassphrase('p');
    const bytes = await encrypter.encrypt(content === undefined ? 'x' : JSON.stringify(content));
    await t.throwsAsync(unpackKit(bytes, 'p', 'a.kit'), { instanceOf: WizardError, code: 'files-refused' });
  });
}

test('what is no kit is said to be none', async (t) => {
  const folder = temporaryFolder(t);
  await t.throwsAsync(findKit(folder), { message: /holds no settings/ });
  for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.env`), '');
  await t.throwsAsync(findKit(folder), { message: /several settings/ });
  await t.throwsAsync(unpackKit(Buffer.from('PK\u0003\u0004'), 'p', 'a.zip'), { message: /a\.zip is no kit/ });
  t.is(readdirSync(folder).length, 2);
});
