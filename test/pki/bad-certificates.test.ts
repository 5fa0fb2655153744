// Certificates that are no good: refused by a member of either engine as a client's, and by etcd's client and Node's as a
// member's.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { type FindingCode, inspectCertificate } from '#pki';
import { engines } from '../interop/single-member.js';
import { until } from '../interop/until.js';
import { judge } from '../judges.js';
import { declared } from './every-profile.js';
import { askHealth, type Identity, listen, startServing } from './handshakes.js';
import { type Bench, bench, later } from './setting.js';

const judges = judge('etcd', 'etcdctl', 'openssl');

const now = new Date();

/** What is wrong with it -> the certificate; for a client where there are no names, for 127.0.0.1 where there are. */
type Bad = Readonly<Record<string, Identity>>;

/** Made long ago, so that what it issued may have expired. */
const oldBench = (t: ExecutionContext): Promise<Bench> => bench(t, 'ecdsa-p256', later(-100, now));

async function badOnes(t: ExecutionContext, { issue }: Bench, names: readonly string[]): Promise<Bad> {
  const profile = names.length === 0 ? ('client' as const) : ('server' as const);
  const request = { profile, commonName: 'app', names, now };
  const otherUsage =
    names.length === 0 ? { profile: declared[0] ?? profile, names: ['127.0.0.1'] } : { profile: 'client' as const };
  const stranger = await oldBench(t);
  return {
    expired: await issue({ ...request, now: later(-10, now), days: 5 }),
    'not yet valid': await issue({ ...request, now: later(1, now) }),
    'of another authority of the same name': await stranger.issue(request),
    'for another usage': await issue({ ...request, days: 20, ...otherUsage }),
  };
}

/** Go takes it, and so etcd does: only our authority and our members keep it out. */
const rsa1024 = 'with an RSA key of 1024 bits';

/** What our authority refuses to sign, signed with its key all the same. */
function weakOnes({ path, ca }: Bench, names: readonly string[]): Bad {
  const sign = (name: string, key: readonly string[], digest: string): Identity => {
    const [csr, keyPath, certificate] = [path(`${name}.csr`), path(`${name}.key`), path(`${name}.crt`)];
    const extensions =
      names.length === 0 ? [] : ['-addext', `subjectAltName=${names.map((each) => `IP:${each}`).join()}`];
    const options = { stdio: 'ignore' } as const;
    const made = ['-nodes', '-keyout', keyPath, '-out', csr, '-subj', '/CN=app', ...extensions];
    execFileSync('openssl', ['req', '-new', '-newkey', ...key, ...made], options);
    const signer = ['-CA', ca, '-CAkey', path('pki/ca.key'), '-CAcreateserial', '-copy_extensions', 'copy'];
    execFileSync(
      'openssl',
      ['x509', '-req', '-in', csr, ...signer, digest, '-days', '5', '-out', certificate],
      options,
    );
    return { chainPem: readFileSync(certificate, 'utf8'), keyPem: readFileSync(keyPath, 'utf8') };
  };
  return {
    'with an RSA key of 512 bits': sign('weak', ['rsa:512'], '-sha256'),
    [rsa1024]: sign('old', ['rsa:1024'], '-sha256'),
    'signed with SHA-1': sign('sha1', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], '-sha1'),
  };
}

for (const [engine, program, args] of engines) {
  judges.test(`${engine} lets nobody in with a certificate that is no good`, async (t) => {
    const setting = await oldBench(t);
    const ca = setting.authority.certificate.pem;
    const port = await startServing(t, setting, program, args, now);
    const good = await setting.issue({ profile: 'client', commonName: 'app', names: [], now });
    await until('the member answers', async () => /"health":"true"/.test((await askHealth(port, ca, good)) ?? ''));
    const bad = { ...(await badOnes(t, setting, [])), ...weakOnes(setting, []) };
    for (const [what, certificate] of Object.entries(bad)) {
      const refused = (await askHealth(port, ca, certificate)) === undefined;
      t.is(refused, !(engine === 'etcd' && what === rsa1024), what);
    }
    t.regex((await askHealth(port, ca, good)) ?? '', /health/, 'a good one still');
  });
}

judges.test("etcdctl and Node refuse a member's certificate that is no good", async (t) => {
  const setting = await oldBench(t);
  const ca = setting.authority.certificate.pem;
  const client = await setting.write('client', { profile: 'client', commonName: 'app', names: [], now });
  const bad = {
    ...(await badOnes(t, setting, ['127.0.0.1'])),
    ...weakOnes(setting, ['127.0.0.1']),
    'for other names': await setting.issue({ commonName: 'app', names: ['127.0.0.2', 'm2.example'], now }),
  };
  const good = await setting.issue({ commonName: 'm1', names: ['127.0.0.1'], now });
  for (const [what, certificate] of [...Object.entries(bad), ['good', good] as const]) {
    const forEtcdctl = await listen(t, ca, certificate);
    const flags = ['--cacert', setting.ca, '--cert', client.certificate, '--key', client.key];
    const child = spawn('etcdctl', ['--endpoints', `https://127.0.0.1:${forEtcdctl.port}`, ...flags, 'get', 'x']);
    t.is(await forEtcdctl.accepted, what === 'good' || what === rsa1024, `etcdctl: ${what}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const forNode = await listen(t, ca, certificate);
    const [answer, accepted] = await Promise.all([askHealth(forNode.port, ca, client.issued, 2), forNode.accepted]);
    t.is(answer, undefined);
    t.is(accepted, what === 'good', `Node: ${what}`);
  }
});

/** What cert verify says of each. */
const explanations: Readonly<Record<string, FindingCode>> = {
  expired: 'expired',
  'not yet valid': 'not-yet-valid',
  'of another authority of the same name': 'wrong-authority',
  'for another usage': 'wrong-usage',
  'with an RSA key of 512 bits': 'weak-key',
  [rsa1024]: 'weak-key',
  'signed with SHA-1': 'weak-signature',
  'for other names': 'names-missing',
};

judge('openssl').test(
  'why each of them is refused is found in its file, and nothing in that of a good one',
  async (t) => {
    const setting = await oldBench(t);
    const bad = {
      ...(await badOnes(t, setting, ['127.0.0.1'])),
      ...weakOnes(setting, ['127.0.0.1']),
      'for other names': await setting.issue({ commonName: 'app', names: ['127.0.0.2', 'm2.example'], now }),
    };
    t.deepEqual(Object.keys(bad).sort(), Object.keys(explanations).sort());
    const [certificate, key] = [setting.path('it.crt'), setting.path('it.key')];
    const explain = async ({ chainPem, keyPem }: Identity): Promise<FindingCode[]> => {
      writeFileSync(certificate, chainPem);
      writeFileSync(key, keyPem, { mode: 0o600 });
      const expected = { use: 'server', names: ['127.0.0.1'] } as const;
      const findings = await inspectCertificate({ ...expected, certificate, key, ca: setting.ca, now });
      return findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
    };
    for (const [what, identity] of Object.entries(bad)) {
      const code = explanations[what];
      t.true(code !== undefined && (await explain(identity)).includes(code), what);
    }
    t.deepEqual(await explain(await setting.issue({ commonName: 'm1', names: ['127.0.0.1'], now })), []);
  },
);
