import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestAuthority, temporaryFolder, testAuthority } from '../certificates.js';
import { judge } from '../judges.js';
import { freePort } from '../ports.js';
import { briefly, engines, etcdctl, patiently, startMember, written } from './single-member.js';

async function configFile(folder: string, authority: TestAuthority, port: number): Promise<string> {
  const peer = `http://127.0.0.1:${await freePort()}`;
  const client = `https://127.0.0.1:${port}`;
  const { ca, cert, key } = await written(folder, 'server', await authority.server());
  const path = join(folder, 'etcd.conf.yml');
  const yaml = `# the same for both
name: m1
data-dir: ${join(folder, 'data')}
listen-peer-urls: ${peer}
initial-advertise-peer-urls: ${peer}
initial-cluster: m1=${peer}
listen-client-urls: ${client}
advertise-client-urls: ${client}
logger: zap
log-outputs: [stderr]
discovery-fallback: 'proxy'
auto-compaction-retention: "1"
client-transport-security:
  cert-file: ${cert}
  key-file: ${key}
  client-cert-auth: true
  trusted-ca-file: ${ca}
`;
  await writeFile(path, yaml);
  return path;
}

for (const [name, program, args] of engines) {
  judge('etcd', 'etcdctl').test(`${name} serves with mutual TLS by a configuration file of etcd`, async (t) => {
    const folder = await temporaryFolder(t);
    const authority = await testAuthority(t);
    const port = await freePort();
    const file = await configFile(folder, authority, port);
    startMember(t, folder, program, [...args, '--config-file', file]);
    const ann = await written(folder, 'ann', await authority.client('ann'));
    await etcdctl(port, ann, 'put', 'a', 'b', ...patiently);
    t.is(await etcdctl(port, ann, 'get', 'a'), 'a\nb\n');
    await t.throwsAsync(etcdctl(port, { ca: ann.ca }, 'get', 'a', ...briefly));
  });
}
