import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from '../certificates.js';
import { issue, makeAuthority } from '../cluster/transport/certificates.js';
import { Revocations } from '../cluster/transport/revocations.js';
import { judge } from '../judges.js';
import { freePort } from '../ports.js';
import { briefly, engines, etcdctl, patiently, startMember } from './single-member.js';

const run = promisify(execFile);

interface Certificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A member with a revocation list, and an https port for probes. */
async function start(t: ExecutionContext, program: string, args: readonly string[], more: readonly string[]) {
  const folder = await temporaryFolder(t);
  const pki = join(folder, 'pki');
  mkdirSync(pki);
  const authority = makeAuthority(pki);
  const certificate = (name: string, names?: string): Certificate => {
    const { cert, key } = issue(pki, authority, names === undefined ? { name } : { name, names });
    return { ca: authority.cert, cert, key };
  };
  const revocations = new Revocations(pki, authority);
  const crl = join(pki, 'ca.crl');
  revocations.write(crl);
  const [port, probes, peerPort] = [await freePort(), await freePort(), await freePort()];
  const [client, peer] = [`https://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  const server = certificate('server');
  startMember(t, folder, program, [
    ...args,
    ...['--name=m1', '--logger=zap', `--initial-cluster=m1=${peer}`],
    ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
    ...[
      `--cert-file=${server.cert}`,
      `--key-file=${server.key}`,
      `--trusted-ca-file=${server.ca}`,
      '--client-cert-auth',
    ],
    ...[`--client-crl-file=${crl}`, `--listen-metrics-urls=https://127.0.0.1:${probes}`, ...more],
  ]);
  return { port, probes, certificate, revocations, crl };
}

const health = async (port: number, { ca, cert, key }: Certificate): Promise<string> =>
  (await run('curl', ['-sS', '--cacert', ca, '--cert', cert, '--key', key, `https://127.0.0.1:${port}/health`])).stdout;

for (const [name, program, args] of engines) {
  judge('etcd', 'etcdctl', 'curl').test(
    `GHSA-3wh4-j44w-pg92: ${name} lets nobody in with a revoked certificate, at no port`,
    async (t) => {
      const { port, probes, certificate, revocations, crl } = await start(t, program, args, []);
      const [ann, bob] = [certificate('ann'), certificate('bob')];
      await etcdctl(port, ann, 'put', 'a', 'b', ...patiently);
      t.is(await etcdctl(port, bob, 'get', 'a'), 'a\nb\n');
      t.regex(await health(probes, bob), /"health":"true"/);

      revocations.revoke(bob.cert);
      revocations.write(crl);
      t.is(await etcdctl(port, ann, 'get', 'a'), 'a\nb\n');
      t.regex(await health(probes, ann), /"health":"true"/);
      await t.throwsAsync(etcdctl(port, bob, 'get', 'a', ...briefly));
      await t.throwsAsync(health(probes, bob));
      await t.throwsAsync(health(port, bob), undefined, 'HTTP on the client port');

      // Unlike OpenSSL itself.
      revocations.write(crl, { lastUpdate: '20200101000000Z', nextUpdate: '20200102000000Z' });
      t.is(await etcdctl(port, ann, 'get', 'a'), 'a\nb\n', 'a list past its date');
      await t.throwsAsync(etcdctl(port, bob, 'get', 'a', ...briefly));
    },
  );

  judge('etcd', 'etcdctl').test(`${name} lets in whose certificate names an allowed host, and no others`, async (t) => {
    const allowed = ['--client-cert-allowed-hostname=ann.example.com'];
    const { port, certificate } = await start(t, program, args, allowed);
    await etcdctl(port, certificate('ann', 'DNS:ann.example.com'), 'put', 'a', 'b', ...patiently);
    t.is(await etcdctl(port, certificate('any', 'DNS:*.example.com'), 'get', 'a'), 'a\nb\n');
    for (const [who, names] of [
      ['bob', 'DNS:bob.example.com'],
      ['ann.example.com', 'IP:127.0.0.1'],
    ] as const) {
      await t.throwsAsync(etcdctl(port, certificate(who, names), 'get', 'a', ...briefly), undefined, who);
    }
  });
}

judge('etcd', 'etcdctl').test('an etcdctl that is watching is cut off when its certificate is revoked', async (t) => {
  const [, program = '', args = []] = engines[1] ?? [];
  const { port, certificate, revocations, crl } = await start(t, program, args, []);
  const [ann, bob] = [certificate('ann'), certificate('bob')];
  await etcdctl(port, ann, 'put', 'a', '1', ...patiently);
  const flags = [
    `--endpoints=https://127.0.0.1:${port}`,
    `--cacert=${bob.ca}`,
    `--cert=${bob.cert}`,
    `--key=${bob.key}`,
  ];
  const watch = spawn('etcdctl', [...flags, 'watch', 'a'], { env: { ...process.env, ETCDCTL_API: '3' } });
  t.teardown(() => watch.kill('SIGKILL'));
  let seen = '';
  watch.stdout.on('data', (text) => {
    seen += text;
  });
  while (!/PUT/.test(seen)) {
    await etcdctl(port, ann, 'put', 'a', '2');
    await Promise.race([once(watch.stdout, 'data'), new Promise((resolve) => setTimeout(resolve, 200))]);
  }
  revocations.revoke(bob.cert);
  revocations.write(crl);
  // Refused from then on, which is after what was open was closed.
  await t.throwsAsync(etcdctl(port, bob, 'get', 'a', ...briefly));
  await etcdctl(port, ann, 'put', 'a', 'secret');
  await etcdctl(port, ann, 'put', 'a', 'secret');
  t.false(/secret/.test(seen));
});
