import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Complaint, loadConfigFile, type MemberConfig, readMemberConfig } from '../../../cluster/config/index.js';
import { ClusterError } from '../../../cluster/errors.js';
import { temporaryFolder } from '../../certificates.js';

async function read(t: ExecutionContext, yaml: string, args: readonly string[] = [], environment = {}) {
  const path = join(await temporaryFolder(t), 'etcd.conf.yml');
  await writeFile(path, yaml);
  const all = [...args, `--config-file=${path}`];
  return readMemberConfig(all, environment, await loadConfigFile(all, environment));
}

async function complaintsOf(t: ExecutionContext, yaml: string): Promise<readonly string[]> {
  const error = await t.throwsAsync(read(t, yaml), { instanceOf: ClusterError, code: 'flag-refused' });
  const complaints = (error?.details.complaints ?? []) as readonly Complaint[];
  return complaints.map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`));
}

// Every key of etcd's sample file, with values as people fill it in.
const sample = `
name: 'm1'
data-dir: /var/lib/etcd
wal-dir:
snapshot-count: 5000
heartbeat-interval: 100
election-timeout: 1000
quota-backend-bytes: 4294967296
listen-peer-urls: https://10.0.0.1:2380
listen-client-urls: https://10.0.0.1:2379,https://127.0.0.1:2379
max-wals: 5
cors:
initial-advertise-peer-urls: https://10.0.0.1:2380
advertise-client-urls: https://10.0.0.1:2379
discovery:
discovery-fallback: 'proxy'
discovery-proxy:
discovery-srv:
initial-cluster: "m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380"
initial-cluster-token: 'etcd-cluster'
initial-cluster-state: 'new'
strict-reconfig-check: false
enable-pprof: true
client-transport-security:
  cert-file: /pki/server.crt
  key-file: /pki/server.key
  client-cert-auth: true
  trusted-ca-file: /pki/ca.crt
  auto-tls: false
peer-transport-security:
  cert-file: /pki/peer.crt
  key-file: /pki/peer.key
  client-cert-auth: true
  trusted-ca-file: /pki/ca.crt
  auto-tls: false
self-signed-cert-validity: 1
log-level: debug
logger: zap
log-outputs: [stderr, /var/log/etcd.log]
force-new-cluster: false
auto-compaction-mode: periodic
auto-compaction-retention: "1"
`;

test("etcd's sample file, filled in, starts a member", async (t) => {
  const { config, warnings } = await read(t, sample);
  const expected: Partial<MemberConfig> = {
    name: 'm1',
    dataDir: '/var/lib/etcd',
    walDir: undefined,
    snapshotEntries: 5000,
    quotaBytes: 4_294_967_296,
    strictReconfigCheck: false,
    clientCertAuth: true,
    logLevel: 'debug',
    logOutputs: ['stderr', '/var/log/etcd.log'],
    autoCompaction: { kind: 'periodic', retentionMs: 3_600_000 },
  };
  t.like(config, expected);
  t.is(config.peerTls?.files.ca, '/pki/ca.crt');
  t.deepEqual(
    config.initialCluster.map(({ name }) => name),
    ['m1', 'm2'],
  );
  t.deepEqual(warnings, [
    'etcd.conf.yml:16: discovery-fallback has no effect here: there is no discovery',
    'etcd.conf.yml:23: enable-pprof has no effect here: use node --cpu-prof',
  ]);
});

test('a file turns flags and variables off, and says which', async (t) => {
  const { config, warnings } = await read(t, 'name: m1', ['--name=m2', '--pre-vote=false'], { ETCD_DATA_DIR: '/d' });
  t.is(config.name, 'm1');
  t.true(config.preVote);
  t.is(config.dataDir, 'm1.etcd');
  t.regex(
    warnings.join(),
    /^--config-file .*\/etcd.conf.yml counts alone, ignored: --name, --pre-vote, ETCD_DATA_DIR$/,
  );
});

test('a flag that does not exist is refused beside a file too', async (t) => {
  const error = await t.throwsAsync(read(t, 'name: m1', ['--nmae=m2']), { instanceOf: ClusterError });
  t.is(error?.message, 'flag provided but not defined: --nmae');
});

test('ETCD_CONFIG_FILE names a file as the flag does', async (t) => {
  const path = join(await temporaryFolder(t), 'etcd.conf.yml');
  await writeFile(path, 'name: m9\n');
  t.is(readMemberConfig([], {}, await loadConfigFile([], { ETCD_CONFIG_FILE: path })).config.name, 'm9');
  t.is(await loadConfigFile(['--config-file='], {}), undefined);
});

test("durations are etcd's nanoseconds, or Go's texts", async (t) => {
  const { config } = await read(t, 'watch-progress-notify-interval: 600000000000\ncorrupt-check-time: 4h\n');
  t.is(config.watchProgressMs, 600_000);
  t.is(config.corruptCheckMs, 14_400_000);
});

test('booleans are those of YAML 1.1, names stay as they are written, lists may be lists', async (t) => {
  const yaml = 'name: 0123\npre-vote: no\nlisten-peer-urls: [http://127.0.0.1:1, http://127.0.0.1:2]\n';
  const { config } = await read(t, `${yaml}initial-advertise-peer-urls: http://127.0.0.1:1\n`);
  t.is(config.name, '0123');
  t.false(config.preVote);
  t.is(config.listenPeerUrls.length, 2);
});

test("older versions' keys are known, and JSON is YAML", async (t) => {
  const { config, warnings } = await read(
    t,
    '{"experimental-compaction-batch-limit": 7, "debug": true, "proxy": "off"}',
  );
  t.is(config.compactionBatch, 7);
  t.is(config.logLevel, 'debug');
  t.deepEqual(warnings, [
    'etcd.conf.yml:1: experimental-compaction-batch-limit is deprecated, use --compaction-batch-limit=7',
    'etcd.conf.yml:1: debug is deprecated, use --log-level=debug',
  ]);
});

test('an empty file is a member with defaults, as is one of comments and empty sections', async (t) => {
  t.is((await read(t, '')).config.name, 'default');
  t.is((await read(t, '# nothing\nclient-transport-security:\npeer-transport-security: {}\n')).config.name, 'default');
});

test("lists of allowed names, and revocation lists, which etcd's file has no key for, can be said in a file", async (t) => {
  const { config } = await read(
    t,
    `${sample}
client-crl-file: /pki/ca.crl
cipher-suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]
tls-min-version: 'TLS1.2'
tls-max-version: 'TLS1.3'
`.replace('  auto-tls: false\nself', '  auto-tls: false\n  allowed-cn: [m1, m2]\n  crl-file: /pki/peers.crl\nself'),
  );
  t.is(config.clientTls?.files.crl, '/pki/ca.crl');
  t.is(config.peerTls?.files.crl, '/pki/peers.crl');
  t.deepEqual(config.peerTls?.rules.allowed, { kind: 'common-names', names: ['m1', 'm2'] });
  t.is(config.clientTls?.protocol.cipherSuites.length, 2);
});

test('a key that nobody knows is warned of, with the line and what may have been meant', async (t) => {
  const { warnings } = await read(t, 'name: m1\nsnapshot-cuont: 3\n');
  t.deepEqual(warnings, [
    'etcd.conf.yml:2: snapshot-cuont is no setting and is ignored, as by etcd (did you mean snapshot-count?)',
  ]);
});

test('a misspelt setting of TLS, or a misspelt section, would leave the door open and is refused', async (t) => {
  const yaml = 'client-transport-security:\n  cleint-cert-auth: true\npeer-transport-securty:\n  cert-file: x\n';
  t.deepEqual(await complaintsOf(t, yaml), [
    'etcd.conf.yml:2: client-transport-security.cleint-cert-auth is no setting (did you mean client-cert-auth?)',
    'etcd.conf.yml:3: peer-transport-securty is no section (did you mean peer-transport-security?)',
  ]);
});

test('what is wrong is said with its line, all at once', async (t) => {
  const yaml =
    'heartbeat-interval: soon\npre-vote: 7\nsnapshot-count: {a: 1}\npeer-transport-security:\n  auto-tls: on\n';
  t.deepEqual(await complaintsOf(t, yaml), [
    'etcd.conf.yml:3: snapshot-count is neither a value nor a list of values',
    'etcd.conf.yml:1: heartbeat-interval: invalid value "soon": not a whole number',
    'etcd.conf.yml:2: pre-vote: invalid boolean value "7"',
    'etcd.conf.yml:5: peer-transport-security.auto-tls: with certificates that members make for themselves anybody who reaches the port is a member (let `quorate init` issue them, and give --peer-cert-file, --peer-key-file and --peer-trusted-ca-file)',
  ]);
});

test('what is no YAML, or no map, or twice there, is refused with the line', async (t) => {
  t.regex((await complaintsOf(t, 'name: m1\n  data-dir: x\n'))[0] ?? '', /^etcd.conf.yml:\d is not YAML: /);
  t.regex(
    (await complaintsOf(t, 'name: m1\nname: m2\n'))[0] ?? '',
    /^etcd.conf.yml:2 is not YAML: Map keys must be unique/,
  );
  t.deepEqual(await complaintsOf(t, '- name\n'), ['etcd.conf.yml:1 is not a map of settings']);
});

test('a file that is not there is refused, and so is one that can be no configuration', async (t) => {
  const folder = await temporaryFolder(t);
  await t.throwsAsync(loadConfigFile([`--config-file=${folder}/none`], {}), {
    instanceOf: ClusterError,
    message: `--config-file: open ${folder}/none: no such file or directory`,
  });
  await writeFile(join(folder, 'big'), Buffer.alloc(2 * 1024 ** 2));
  await t.throwsAsync(loadConfigFile([`--config-file=${folder}/big`], {}), { message: /has 2097152 bytes/ });
});

test('thousands of aliases do not blow up', async (t) => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 20; i++)
    bomb.push(
      `a${i}: &a${i} [${Array(9)
        .fill(i === 1 ? '*a' : `*a${i - 1}`)
        .join(',')}]`,
    );
  const { config } = await read(t, bomb.join('\n'));
  t.is(config.name, 'default');
});
