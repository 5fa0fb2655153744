import { X509Certificate } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import test from 'ava';
import { nextName } from '../../../wizard/rotation/rotate.js';
import { judge } from '../../judges.js';
import { appliedCluster, eventually, type TestCluster } from '../run/cluster.js';

const read = (cluster: TestCluster, path: string): string => readFileSync(cluster.at(path), 'utf8');
const issuerOf = (cluster: TestCluster, path: string): string =>
  new X509Certificate(read(cluster, path)).issuer.replace(/^CN=/, '');
const server = 'members/m1/etc/quorate/server.crt';
const certificatesIn = (pem: string): number => pem.match(/-----BEGIN CERTIFICATE/g)?.length ?? 0;

/** Whether a member answers whoever has this certificate. */
function isAdmitted(cluster: TestCluster, tls: { ca: string; cert: string; key: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: cluster.members[0]?.clientPort ?? 0, ...tls });
    // A refusal comes after the handshake with TLS 1.3.
    socket.once('secureConnect', () => socket.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n'));
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

const kitOf = (cluster: TestCluster, user: string) => ({
  ca: read(cluster, `users/${user}/ca.crt`),
  cert: read(cluster, `users/${user}/${user}.crt`),
  key: read(cluster, `users/${user}/${user}.key`),
});

test('an authority is replaced in stages, and what the old one signed is refused in the end', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const old = kitOf(cluster, 'app');
  const byHand = await cluster.run(['cert', 'issue', 'metrics-client', 'scraper', '--out', cluster.at('..')]);
  t.is(byHand.code, 0, byHand.stderr);
  const first = await cluster.run(['cert', 'rotate-ca', '--json']);
  t.deepEqual([first.code, JSON.parse(first.stdout)], [2, { stage: 'leaves-replaced', over: false }], first.stderr);
  t.regex(first.stderr, /^issue again what was issued by hand: metrics-client scraper$/m);
  t.is(issuerOf(cluster, server), 'demo CA 2');
  t.is(certificatesIn(read(cluster, 'users/app/ca.crt')), 2);
  t.true(await isAdmitted(cluster, { ...old, ca: kitOf(cluster, 'app').ca }), 'before it is dropped');
  t.true(await isAdmitted(cluster, kitOf(cluster, 'app')));
  const revoke = await cluster.run(['cert', 'revoke', 'app', '--yes']);
  t.is(revoke.code, 1);
  t.regex(revoke.stderr, /the authority is being rotated.*\nhint: quorate cert rotate-ca --finish/);

  const second = await cluster.run(['cert', 'rotate-ca', '--finish']);
  t.is(second.code, 0, second.stderr);
  t.is(certificatesIn(read(cluster, 'users/app/ca.crt')), 1);
  t.false(await isAdmitted(cluster, { ...old, ca: kitOf(cluster, 'app').ca }));
  t.true(await isAdmitted(cluster, kitOf(cluster, 'app')));
  t.is(readdirSync(cluster.at('retired')).length, 1);
  t.notRegex((await cluster.run(['cert', 'verify', '--json'])).stdout, /"severity": "(error|warning)"/);
  const status = await cluster.run(['cert', 'rotate-ca', '--status']);
  t.is(status.stdout, 'no rotation is under way\n');
});

test('what was revoked stays refused while both authorities are trusted', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const revoked = kitOf(cluster, 'app');
  const revoke = await cluster.run(['cert', 'revoke', 'app', '--yes']);
  t.is(revoke.code, 0, revoke.stderr);
  await eventually('it is refused', async () => ((await isAdmitted(cluster, revoked)) ? undefined : true));
  t.is((await cluster.run(['cert', 'rotate-ca'])).code, 2);
  await delay(1500);
  t.false(await isAdmitted(cluster, { ...revoked, ca: kitOf(cluster, 'app').ca }));
  t.true(await isAdmitted(cluster, kitOf(cluster, 'root')));
  t.is(read(cluster, 'users/app/app.crt'), revoked.cert, 'a new authority is no pardon');
  const finished = await cluster.run(['cert', 'rotate-ca', '--finish']);
  t.is(finished.code, 0, finished.stderr);
  t.is((await cluster.run(['apply'])).code, 0);
  t.is(read(cluster, 'users/app/app.crt'), revoked.cert);
  t.regex((await cluster.run(['cert', 'renew', '--check'])).stdout, /^app +revoked/m);
  t.false(await isAdmitted(cluster, { ...revoked, ca: kitOf(cluster, 'app').ca }));
});

for (const engine of ['included', 'etcd'] as const)
  judge('etcd').test(
    `an authority that has ended is replaced in one go, with its cluster stopped: ${engine}`,
    async (t) => {
      t.timeout(120_000);
      const cluster = await appliedCluster(t, { engine });
      t.is((await cluster.run(['up', '-d'])).code, 0);
      const root = kitOf(cluster, 'root');
      // As the folder would be in eleven years: all that this plan has is of an authority that has ended.
      const eleven = new Date(Date.now() - 4_000 * 86_400_000);
      const ended = await appliedCluster(t, { engine, now: eleven });
      for (const path of ['pki', 'users', 'members']) {
        rmSync(cluster.at(path), { recursive: true });
        cpSync(ended.at(path), cluster.at(path), { recursive: true });
      }
      const added = await cluster.run(['user', 'add', 'ann', '--role', 'writer']);
      t.is(added.code, 1);
      t.regex(added.stderr, /authority: it expired at .*\nhint: quorate cert rotate-ca/);
      const running = await cluster.run(['cert', 'rotate-ca']);
      t.is(running.code, 1);
      t.regex(running.stderr, /the authority has ended: .*\nhint: quorate down; type it again; quorate up/);
      t.is((await cluster.run(['down'])).code, 0);
      const rotated = await cluster.run(['cert', 'rotate-ca']);
      t.is(rotated.code, 0, rotated.stderr);
      t.is(certificatesIn(read(cluster, 'users/app/ca.crt')), 1);
      t.is((await cluster.run(['up', '-d'])).code, 0);
      t.is((await cluster.run(['user', 'add', 'ann', '--role', 'writer'])).code, 0, 'what was refused is done');
      t.true(await isAdmitted(cluster, kitOf(cluster, 'ann')));
      t.false(await isAdmitted(cluster, { ...root, ca: kitOf(cluster, 'root').ca }));
      const found = await cluster.run(['doctor']);
      t.is(found.code, 0, found.stdout);
    },
  );

test('a rotation that is killed at any time goes on, and ends with one authority', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  for (const [words, over] of [
    [[], 2],
    [['--finish'], 0],
  ] as const) {
    for (let ms = 300; ms < 1800; ms += 150) {
      const running = cluster.start(['cert', 'rotate-ca', ...words]);
      const ended = running.ended.then(({ code }) => code);
      const code = await Promise.race([ended, delay(ms).then(() => undefined)]);
      if (code === over) break;
      running.kill('SIGKILL');
      await ended;
    }
    const last = await cluster.run(['cert', 'rotate-ca', ...words]);
    t.is(last.code, over, last.stderr);
  }
  t.is(issuerOf(cluster, server), 'demo CA 2');
  t.deepEqual(
    readdirSync(cluster.dir).filter((name) => /pki/.test(name)),
    ['pki'],
  );
  t.is((await cluster.run(['plan'])).code, 0);
  t.true(await isAdmitted(cluster, kitOf(cluster, 'app')));
  t.notRegex((await cluster.run(['cert', 'verify', '--json'])).stdout, /"severity": "(error|warning)"/);
});

test('an exchange that stopped between its two renames is completed by whoever comes next', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['cert', 'rotate-ca'])).code, 2);
  renameSync(cluster.at('pki'), cluster.at('pki-next'));
  const apply = await cluster.run(['apply']);
  t.is(apply.code, 0, apply.stderr);
  t.false(existsSync(cluster.at('pki-next')));
  t.is(issuerOf(cluster, server), 'demo CA 2');
});

test('while one of several members does not run nothing more is changed', async (t) => {
  const cluster = await appliedCluster(t, { count: 3 });
  t.is((await cluster.run(['up', '-d'])).code, 0);
  process.kill(cluster.pid('m2') ?? 0, 'SIGKILL');
  await eventually('it is gone', async () => ((await cluster.run(['status'])).code === 0 ? undefined : true));
  const stopped = await cluster.run(['cert', 'rotate-ca']);
  t.is(stopped.code, 1);
  t.regex(stopped.stderr, /error: m2 does not run, and the others do.*\nhint: quorate up --detach/);
  t.is(issuerOf(cluster, server), 'demo CA');
  t.is((await cluster.run(['up', '-d'])).code, 0);
  // Nobody could have been given a new kit yet.
  const early = await cluster.run(['cert', 'rotate-ca', '--finish']);
  t.is(early.code, 2, early.stderr);
  const again = await cluster.run(['cert', 'rotate-ca', '--finish']);
  t.is(again.code, 0, again.stderr);
  t.is(issuerOf(cluster, server), 'demo CA 2');
});

test("the new authority's key is under the passphrase of the old one", async (t) => {
  const cluster = await appliedCluster(t);
  const secret = { QUORATE_CA_PASSPHRASE: 'correct horse battery' };
  const sealed = await cluster.run(['cert', 'passphrase'], { QUORATE_CA_NEW_PASSPHRASE: 'correct horse battery' });
  t.is(sealed.code, 0, sealed.stderr);
  const without = await cluster.run(['cert', 'rotate-ca']);
  t.is(without.code, 1);
  t.false(existsSync(cluster.at('pki-next')));
  t.is((await cluster.run(['cert', 'rotate-ca'], secret)).code, 2);
  t.regex(read(cluster, 'pki/ca.key'), /ENCRYPTED/);
});

test('the name of the next authority counts on, and fits into a certificate', (t) => {
  t.is(nextName('demo CA'), 'demo CA 2');
  t.is(nextName('demo CA 9'), 'demo CA 10');
  const long = nextName(`${'x'.repeat(61)} CA`);
  t.regex(long, /^x{61} +2$/);
  t.true(long.length <= 64);
});
