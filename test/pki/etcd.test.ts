import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import { type Issued, type KeyType, writeKeyPair } from '#pki';
import { judge } from '../judges.js';
import { freePort } from '../ports.js';
import { startServing } from './handshakes.js';
import { ask, type Bench, bench } from './setting.js';

const etcd = judge('etcd', 'etcdctl');

interface Member {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
}

const pair = (setting: Bench, name: string) => ({
  certificate: setting.path(`${name}.crt`),
  key: setting.path(`${name}.key`),
});

/** A member with certificates for its clients and its peers, checked both ways and against the revocation list. */
async function start(t: ExecutionContext, setting: Bench, member: Member, cluster: string): Promise<void> {
  const { name, client, peer } = member;
  const common = { commonName: name, names: ['localhost', '127.0.0.1', '::1', name] };
  const [server, peers] = [pair(setting, `${name}-server`), pair(setting, `${name}-peer`)];
  await writeKeyPair(server, await setting.issue({ profile: 'server', ...common }));
  await writeKeyPair(peers, await setting.issue({ profile: 'peer', ...common }));
  const flags = [
    ['name', name, 'data-dir', setting.path(name), 'initial-cluster', cluster],
    ['listen-client-urls', client, 'advertise-client-urls', client],
    ['listen-peer-urls', peer, 'initial-advertise-peer-urls', peer],
    ['cert-file', server.certificate, 'key-file', server.key, 'trusted-ca-file', setting.ca],
    ['peer-cert-file', peers.certificate, 'peer-key-file', peers.key, 'peer-trusted-ca-file', setting.ca],
    ['client-crl-file', setting.path('pki/ca.crl'), 'peer-crl-file', setting.path('pki/ca.crl')],
  ].flatMap((group) => group.map((word, index) => (index % 2 === 0 ? `--${word}` : word)));
  const child: ChildProcess = spawn('etcd', [...flags, '--client-cert-auth', '--peer-client-cert-auth'], {
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
}

/** What the JSON gateway answers: it dials its own member, with the server's certificate as a client's. */
function askGateway(endpoint: string, ca: string, { chainPem, keyPem }: Issued): Promise<string> {
  const options = { method: 'POST', ca, cert: chainPem, key: keyPem };
  return new Promise((resolve, reject) => {
    const asked = request(new URL('/v3/kv/range', endpoint), options, (response) => {
      response.toArray().then((chunks) => resolve(Buffer.concat(chunks).toString()), reject);
    });
    asked.on('error', reject).end(JSON.stringify({ key: Buffer.from('/app/x').toString('base64') }));
  });
}

async function healthy(flags: readonly string[], deadline: number): Promise<string> {
  const answer = await ask('etcdctl', ...flags, 'endpoint', 'health');
  const good = answer.match(/is healthy/g)?.length === 2;
  return good || Date.now() > deadline ? answer : healthy(flags, deadline);
}

for (const keyType of ['ecdsa-p256', 'ed25519', 'rsa-2048'] satisfies KeyType[]) {
  etcd.test(
    `members of a real etcd with ${keyType} keys find each other, serve etcdctl and their own gateway`,
    async (t) => {
      const setting = await bench(t, keyType, new Date());
      const members = await Promise.all(
        ['m1', 'm2'].map(async (name): Promise<Member> => {
          const [client, peer] = [await freePort(), await freePort()];
          return { name, client: `https://127.0.0.1:${client}`, peer: `https://127.0.0.1:${peer}` };
        }),
      );
      const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join();
      await Promise.all(members.map((member) => start(t, setting, member, cluster)));
      const app = await setting.issue({ profile: 'client', commonName: 'app', names: [] });
      await writeKeyPair(pair(setting, 'app'), app);
      const endpoints = members.map(({ client }) => client);
      const flags = ['--endpoints', endpoints.join(), '--cacert', setting.ca];
      const asApp = [...flags, '--cert', setting.path('app.crt'), '--key', setting.path('app.key')];
      t.is((await healthy(asApp, Date.now() + 30_000)).match(/is healthy/g)?.length, 2);
      t.is(await ask('etcdctl', ...asApp, 'put', '/app/x', 'certified'), 'OK\n');
      for (const endpoint of endpoints) {
        t.regex(await askGateway(endpoint, setting.authority.certificate.pem, app), /"value":"Y2VydGlmaWVk"/);
      }
      const stranger = await ask('etcdctl', ...flags, '--command-timeout', '1s', 'get', '/app/x');
      t.notRegex(stranger, /certified/);
    },
  );
}

etcd.test(
  "etcd's gRPC proxy starts with a proxy's certificate and refuses a client's, which has a common name",
  async (t) => {
    const at = new Date();
    const setting = await bench(t, 'ecdsa-p256', at);
    const endpoint = `https://127.0.0.1:${await startServing(t, setting, 'etcd', [], at)}`;
    const startProxy = async (certificate: string, key: string) => {
      const address = `127.0.0.1:${await freePort()}`;
      const files = [`--cert=${certificate}`, `--key=${key}`, `--cacert=${setting.ca}`];
      const child = spawn('etcd', [
        'grpc-proxy',
        'start',
        `--endpoints=${endpoint}`,
        `--listen-addr=${address}`,
        ...files,
      ]);
      const exited = once(child, 'exit');
      t.teardown(async () => {
        child.kill('SIGKILL');
        await exited;
      });
      return { address, child, exited };
    };
    const own = await setting.write('proxy1', { profile: 'proxy-client', commonName: '', names: ['proxy1.example'] });
    const { address } = await startProxy(own.certificate, own.key);
    const patiently = ['--command-timeout=30s', '--dial-timeout=30s'];
    t.is(await ask('etcdctl', `--endpoints=http://${address}`, ...patiently, 'put', 'x', 'through the proxy'), 'OK\n');
    const named = await setting.write('app', { profile: 'client', commonName: 'app', names: [] });
    const refused = await startProxy(named.certificate, named.key);
    const said = text(refused.child.stderr);
    const [code] = await refused.exited;
    t.is(code, 1);
    t.regex(await said, /cert has non empty Common Name \(app\)/);
  },
);
