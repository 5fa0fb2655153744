import { execFile, execFileSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { judge } from '../../judges.js';
import { filesBelow, temporaryFolder } from '../apply/folder.js';
import { quorate } from '../commands/quorate.js';
import { appliedCluster, type TestCluster } from '../run/cluster.js';

const openssl = judge('openssl');
const run = promisify(execFile);

const request = async (folder: string, name: string, ...more: readonly string[]) =>
  quorate(['user', 'request', name, '--out', folder, ...more]);

openssl.test(
  'a request is made without any DIR: a key for its owner only, and a request that openssl verifies',
  async (t) => {
    const folder = temporaryFolder(t);
    const { code, stdout, stderr } = await request(folder, 'ann');
    t.deepEqual([code, stdout, filesBelow(folder)], [0, `${folder}/ann.csr\n`, ['ann.csr', 'ann.key']], stderr);
    t.is(statSync(join(folder, 'ann.key')).mode & 0o777, 0o600);
    const said = execFileSync('openssl', ['req', '-in', `${folder}/ann.csr`, '-noout', '-verify', '-subject'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.regex(said, /CN = ann/);
    const der = execFileSync('openssl', ['pkey', '-in', `${folder}/ann.key`, '-pubout', '-outform', 'DER']);
    const digest = execFileSync('openssl', ['dgst', '-sha256', '-binary'], { input: der }).toString('base64');
    t.true(stderr.includes(`SHA256:${digest.replace(/=+$/, '')}`), stderr);
  },
);

test('a request is not made over anything that is there, nor for a name that no user can have', async (t) => {
  const folder = temporaryFolder(t);
  symlinkSync('/nonexistent', join(folder, 'ann.key'));
  writeFileSync(join(folder, 'bob.csr'), 'x');
  for (const [name, code, said] of [
    ['ann', 1, /ann\.key is there already, and it is not overwritten\nhint: hand over ann\.csr/],
    ['bob', 1, /bob\.csr is there already/],
    ['../x', 2, /can't be a user name/],
    ['rооt', 2, /mixes letters of several scripts/],
  ] as const) {
    const ended = await request(folder, name);
    t.is(ended.code, code);
    t.regex(ended.stderr, said);
  }
  t.deepEqual(filesBelow(folder), ['ann.key', 'bob.csr']);
  t.is(readFileSync(join(folder, 'bob.csr'), 'utf8'), 'x');
});

const approve = (cluster: TestCluster, folder: string, name: string, ...roles: readonly string[]) =>
  cluster.run(['user', 'approve', join(folder, `${name}.csr`), '--role', ...roles]);

test('without a running cluster a user is approved to DIR: a kit without a key, and nothing left for apply', async (t) => {
  const [cluster, folder] = [await appliedCluster(t), temporaryFolder(t)];
  await request(folder, 'ann', '--key-type', 'ed25519');
  const { code, stdout, stderr } = await approve(cluster, folder, 'ann', 'writer');
  t.deepEqual([code, stdout], [0, `${cluster.at('users/ann')}\n`], stderr);
  t.regex(stderr, /the cluster is not reached \(.*connection refused.*\): quorate bootstrap adds ann/);
  t.deepEqual(filesBelow(cluster.at('users/ann')), ['README.md', 'ann.crt', 'ann.csr', 'ann.env', 'ca.crt']);
  const { publicKey, subject } = new X509Certificate(readFileSync(cluster.at('users/ann/ann.crt')));
  t.is(subject, 'CN=ann');
  t.true(publicKey.equals(createPublicKey(readFileSync(join(folder, 'ann.key'), 'utf8'))));
  t.regex(readFileSync(cluster.at('users/ann/README.md'), 'utf8'), /Put your key into it/);
  t.is((await cluster.run(['plan'])).code, 0);

  const certificate = readFileSync(cluster.at('users/ann/ann.crt'), 'utf8');
  t.is((await approve(cluster, folder, 'ann', 'writer')).code, 0, 'once more');
  t.is(readFileSync(cluster.at('users/ann/ann.crt'), 'utf8'), certificate);
});

for (const engine of ['included', 'etcd'] as const) {
  judge('etcd', 'etcdctl').test(
    `whoever was approved signs in to a running cluster of ${engine} with the key that never was in DIR`,
    async (t) => {
      const [cluster, folder] = [await appliedCluster(t, { engine }), temporaryFolder(t)];
      const up = await cluster.run(['up', '-d']);
      t.is(up.code, 0, up.stderr);
      await request(folder, 'ann');
      const approved = await approve(cluster, folder, 'ann', 'writer');
      t.is(approved.code, 0, approved.stderr);
      t.regex(approved.stderr, /added user ann\ngranted user ann role writer\n/);
      copyFileSync(join(folder, 'ann.key'), cluster.at('users/ann/ann.key'));
      const etcdctl = (words: string) => run('sh', ['-c', `. ${cluster.at('users/ann/ann.env')} && etcdctl ${words}`]);
      t.is((await etcdctl('put /app/x y')).stdout, 'OK\n');
      await t.throwsAsync(etcdctl('put /other y'), { message: /permission denied/ });
    },
  );
}

test('what speaks against a request is said, and then nothing is signed or changed', async (t) => {
  const [cluster, folder] = [await appliedCluster(t), temporaryFolder(t)];
  for (const name of ['app', 'APP', 'арр', 'm1', 'root', 'ann', 'bob']) await request(folder, name);
  const bob = readFileSync(join(folder, 'bob.csr'), 'utf8');
  const der = Buffer.from(bob.replace(/-----.*-----/g, ''), 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  writeFileSync(join(folder, 'bob.csr'), der);
  const before = filesBelow(cluster.dir).map((path) => [path, readFileSync(cluster.at(path), 'utf8')]);
  for (const [name, role, said] of [
    ['app', 'writer', /is for app, who has a certificate and a key of DIR already\nhint: to have app's key elsewhere/],
    ['APP', 'writer', /"APP" is already the name of access\.users\[0\]/],
    ['арр', 'writer', /"арр" looks like the name of access\.users\[0\]/],
    ['m1', 'writer', /m1 is a member's name/],
    ['root', 'root', /is for root, who has a certificate/],
    ['ann', 'writter', /there is no role "writter"\nhint: did you mean writer\?/],
    ['bob', 'writer', /bob\.csr: csr: its signature does not hold/],
  ] as const) {
    const { code, stdout, stderr } = await approve(cluster, folder, name, role);
    t.deepEqual([code, stdout], [1, ''], stderr);
    t.regex(stderr, said);
  }
  const none = await cluster.run(['user', 'approve', join(folder, 'ann.csr')]);
  t.is(none.code, 2);
  t.deepEqual(
    filesBelow(cluster.dir).map((path) => [path, readFileSync(cluster.at(path), 'utf8')]),
    before,
  );
});

test('a second request of the same user, with another key, is not put over the first', async (t) => {
  const [cluster, folder, other] = [await appliedCluster(t), temporaryFolder(t), temporaryFolder(t)];
  await Promise.all([request(folder, 'ann'), request(other, 'ann')]);
  t.is((await approve(cluster, folder, 'ann', 'writer')).code, 0);
  const certificate = readFileSync(cluster.at('users/ann/ann.crt'), 'utf8');
  const { code, stderr } = await approve(cluster, other, 'ann', 'writer');
  t.is(code, 1);
  t.regex(stderr, /users\/ann\/ann\.csr is another request of ann, approved before\nhint: if ann has a new key/);
  t.is(readFileSync(cluster.at('users/ann/ann.crt'), 'utf8'), certificate);
});
