// Every profile with every type of key, judged as a server's certificate and as a client's: what it is for is accepted, all
// else refused.
import assert from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import test from 'ava';
import { keyTypes } from '#pki';
import { engines } from '../interop/single-member.js';
import { until } from '../interop/until.js';
import { judge } from '../judges.js';
import { type Specimen, specimens } from './every-profile.js';
import { askHealth, listen, startServing } from './handshakes.js';
import { ask, type Bench, bench } from './setting.js';

const openssl = judge('openssl');
const certtool = judge('certtool');
const etcdctl = judge('etcdctl');

/** What was accepted of what, in words: `peer as server: true`. */
type Verdicts = readonly string[];

const verdict = ({ name }: Specimen, as: string, accepted: boolean): string => `${name} as ${as}: ${accepted}`;

const expected = (all: readonly Specimen[]): Verdicts =>
  all.flatMap((each) => [verdict(each, 'server', each.asServer), verdict(each, 'client', each.asClient)]);

/** Writes NAME.crt and NAME.key of all. */
async function write({ path }: Bench, all: readonly Specimen[]): Promise<void> {
  await Promise.all(
    all.flatMap(({ name, issued }) => [
      writeFile(path(`${name}.crt`), issued.chainPem),
      writeFile(path(`${name}.key`), issued.keyPem, { mode: 0o600 }),
    ]),
  );
}

/** Asks a program about every certificate, once for each side. */
async function judged(
  all: readonly Specimen[],
  accepts: (specimen: Specimen, as: 'server' | 'client') => Promise<boolean>,
): Promise<Verdicts> {
  const verdicts = all.map(async (each) => [
    verdict(each, 'server', await accepts(each, 'server')),
    verdict(each, 'client', await accepts(each, 'client')),
  ]);
  return (await Promise.all(verdicts)).flat();
}

for (const keyType of keyTypes) {
  openssl.test(
    `openssl takes each profile's certificate with a ${keyType} key strictly for what it is for`,
    async (t) => {
      const setting = await bench(t, 'ecdsa-p256', new Date());
      const all = await specimens(setting, keyType, new Date());
      await write(setting, all);
      const verdicts = await judged(all, async ({ name }, as) => {
        const purpose = as === 'server' ? 'sslserver' : 'sslclient';
        const file = setting.path(`${name}.crt`);
        const flags = ['-x509_strict', '-check_ss_sig', '-policy_check', '-purpose', purpose, '-CAfile', setting.ca];
        return (await ask('openssl', 'verify', ...flags, file)) === `${file}: OK\n`;
      });
      t.deepEqual(verdicts, expected(all));
    },
  );

  certtool.test(`certtool takes each profile's certificate with a ${keyType} key for what it is for`, async (t) => {
    const setting = await bench(t, 'ecdsa-p256', new Date());
    const all = await specimens(setting, keyType, new Date());
    await write(setting, all);
    const verdicts = await judged(all, async ({ name }, as) => {
      const purpose = as === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2';
      const flags = ['--verify', '--verify-purpose', purpose, '--load-ca-certificate', setting.ca];
      return /Chain verification output: Verified\./.test(
        await ask('certtool', ...flags, '--infile', setting.path(`${name}.crt`)),
      );
    });
    t.deepEqual(verdicts, expected(all));
  });

  test(`Node's TLS takes each profile's certificate with a ${keyType} key for what it is for`, async (t) => {
    const setting = await bench(t, 'ecdsa-p256', new Date());
    const all = await specimens(setting, keyType, new Date());
    const ca = setting.authority.certificate.pem;
    const good = byName(all, 'server');
    const verdicts = await judged(all, async (each, as) => {
      const [server, client] = as === 'server' ? [each, good] : [good, each];
      const { port, accepted } = await listen(t, ca, server.issued);
      const [outcome] = await Promise.all([accepted, askHealth(port, ca, client.issued)]);
      return outcome;
    });
    t.deepEqual(verdicts, expected(all));
  });

  etcdctl.test(
    `etcdctl takes each profile's certificate with a ${keyType} key for a server's where it is one`,
    async (t) => {
      const setting = await bench(t, 'ecdsa-p256', new Date());
      const all = await specimens(setting, keyType, new Date());
      await write(setting, all);
      const verdicts = await judged(all, async (each, as) => {
        const [server, client] = as === 'server' ? [each.name, 'client'] : ['server', each.name];
        const listening = await listen(t, setting.authority.certificate.pem, byName(all, server).issued);
        const own = ['--cert', setting.path(`${client}.crt`), '--key', setting.path(`${client}.key`)];
        const flags = ['--endpoints', `https://127.0.0.1:${listening.port}`, '--cacert', setting.ca, ...own];
        const child = spawn('etcdctl', [...flags, 'get', 'x'], { stdio: 'ignore' });
        await Promise.race([listening.accepted, once(child, 'exit')]);
        await end(child);
        return Promise.race([listening.accepted, Promise.resolve(false)]);
      });
      t.deepEqual(verdicts, expected(all));
    },
  );
}

function byName(all: readonly Specimen[], name: string): Specimen {
  const found = all.find((each) => each.name === name);
  assert(found, name);
  return found;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

for (const [engine, program, args] of engines) {
  judge('etcd').test(
    `${engine} takes each profile's certificate for a client's, or serves with it, where it is one`,
    async (t) => {
      const now = new Date();
      const setting = await bench(t, 'ecdsa-p256', now);
      const ca = setting.authority.certificate.pem;
      const port = await startServing(t, setting, program, args, now);
      const own = await setting.issue({ profile: 'client', commonName: 'app', names: [], now });
      await until('the member answers', async () => /"health":"true"/.test((await askHealth(port, ca, own)) ?? ''));
      for (const keyType of keyTypes) {
        const all = await specimens(setting, keyType, now);
        const answers = all.map(async ({ name, issued }) => [name, (await askHealth(port, ca, issued)) !== undefined]);
        const wanted = all.map(({ name, asClient }) => [name, asClient]);
        t.deepEqual(await Promise.all(answers), wanted, keyType);
        for (const { name, issued } of all.filter(({ asServer }) => asServer)) {
          await writeFile(setting.path('m1.crt'), issued.chainPem);
          await writeFile(setting.path('m1.key'), issued.keyPem);
          t.regex((await askHealth(port, ca, own)) ?? '', /health/, `${name} ${keyType}`);
        }
      }
    },
  );
}
