import test from 'ava';
import { parseAutoCompaction } from '../../../cluster/config/auto-compaction.js';
import { parseDuration } from '../../../cluster/config/durations.js';
import { type Complaint, flagHelp, type MemberConfig, readMemberConfig } from '../../../cluster/config/index.js';
import { ClusterError } from '../../../cluster/errors.js';

const complaintsOf = (args: readonly string[], environment: Record<string, string> = {}): readonly Complaint[] => {
  try {
    readMemberConfig(args, environment);
    return [];
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== 'flag-refused') throw error;
    return error.details.complaints as readonly Complaint[];
  }
};

test("durations are read in Go's syntax, as milliseconds", (t) => {
  const table: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['0s', 0],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['.5s', 500],
    ['2h45m10s', 9_910_000],
    ['1500us', 1.5],
    ['1500µs', 1.5],
    ['-2s', -2000],
  ];
  for (const [text, ms] of table) t.is(parseDuration(text), ms, text);
});

test('what Go does not take for a duration is refused, with the missing unit named', (t) => {
  for (const text of ['', ' 1s', '1 s', '1d', 's', '1m30', '--1s', '1e3s', '1,5s', '999999999h']) {
    t.throws(() => parseDuration(text), { instanceOf: ClusterError, message: /^time: invalid duration/ }, text);
  }
  t.throws(() => parseDuration('5'), { message: 'time: missing unit in duration "5"' });
});

test('compaction keeps hours when there is no unit, durations, or revisions', (t) => {
  t.deepEqual(parseAutoCompaction('periodic', '0'), { kind: 'off' });
  t.deepEqual(parseAutoCompaction('periodic', '5'), { kind: 'periodic', retentionMs: 18_000_000 });
  t.deepEqual(parseAutoCompaction('periodic', '5m'), { kind: 'periodic', retentionMs: 300_000 });
  t.deepEqual(parseAutoCompaction('revision', '1000'), { kind: 'revision', retainedRevisions: 1000 });
  t.throws(() => parseAutoCompaction('revision', '5m'), { message: '"5m" is no number of revisions' });
  t.throws(() => parseAutoCompaction('periodic', '-5m'), { message: '-5m is below 0' });
});

const told = test.macro({
  title: (_, args: readonly string[]) => `the member is told of ${args.join(' ')}`,
  exec: (t, args: readonly string[], expected: Partial<MemberConfig>, ...warnings: readonly string[]) => {
    const read = readMemberConfig(args, {});
    t.like(read.config, expected);
    t.deepEqual(read.warnings, warnings);
  },
});

test(told, ['--auto-compaction-mode=revision', '--auto-compaction-retention=1000'], {
  autoCompaction: { kind: 'revision', retainedRevisions: 1000 },
});
test(told, ['--watch-progress-notify-interval=5s'], { watchProgressMs: 5000 });
test(told, ['--watch-progress-notify-interval=1ms'], { watchProgressMs: 100 });
test(told, ['--watch-progress-notify-interval=0s'], { watchProgressMs: 600_000 });
test(told, ['--max-txn-ops=0', '--max-concurrent-streams=0', '--auto-compaction-retention='], {
  txnOpsMax: 0,
  streamsMax: 4_294_967_295,
  autoCompaction: { kind: 'off' },
});
test(
  told,
  ['--feature-gates=CompactHashCheck=true', '--experimental-initial-corrupt-check'],
  {
    featureGates: {
      ...readMemberConfig([], {}).config.featureGates,
      InitialCorruptCheck: true,
      CompactHashCheck: true,
    },
  },
  '--experimental-initial-corrupt-check is deprecated, use --feature-gates=InitialCorruptCheck=true',
);
test(told, ['--debug', '--log-level=debug'], { logLevel: 'debug' }, '--debug is deprecated, use --log-level=debug');
test(told, ['--max-learners=2', '--wal-dir=/fast/wal'], { learnersMax: 2, walDir: '/fast/wal' });
test(told, ['--grpc-keepalive-interval=1m', '--grpc-keepalive-timeout=3s'], {
  keepalive: { minTimeMs: 5000, intervalMs: 60_000, timeoutMs: 3000 },
});
test(told, ['--cors=https://a.example,https://b.example', '--host-whitelist=localhost'], {
  corsOrigins: ['https://a.example', 'https://b.example'],
  hostsAllowed: ['localhost'],
});
test(told, ['--metrics=extensive', '--enable-grpc-gateway=false'], { metrics: 'extensive', gatewayEnabled: false });
test(told, ['--snapshot-count=0', '--snapshot-catchup-entries=17'], { snapshotEntries: 10_000, catchUpEntries: 17 });
test(told, ['--log-format=console', '--log-outputs=/var/log/q.log', '--enable-log-rotation'], {
  logFormat: 'console',
  logRotation: { megabytesMax: 100, daysMax: 0, filesMax: 0, localTime: false, compress: false },
});
test(told, ['--corrupt-check-time=240m', '--compact-hash-check-time=2m'], {
  corruptCheckMs: 14_400_000,
  compactHashCheckMs: 120_000,
});

const gates = readMemberConfig([], {}).config.featureGates;

test(
  told,
  ['--feature-gates=InitialCorruptCheck=true, LeaseCheckpoint=t'],
  {
    featureGates: { ...gates, InitialCorruptCheck: true, LeaseCheckpoint: true },
  },
  '--feature-gates: LeaseCheckpoint has no effect here',
);
test(
  told,
  ['--feature-gates=AllAlpha=true,PriorityRequest=false'],
  {
    featureGates: {
      ...gates,
      InitialCorruptCheck: true,
      CompactHashCheck: true,
      LeaseCheckpoint: true,
      LeaseCheckpointPersist: true,
      StopGRPCServiceOnDefrag: true,
      SetMemberLocalAddr: true,
      PriorityRequest: false,
    },
  },
  ...['LeaseCheckpoint', 'LeaseCheckpointPersist', 'StopGRPCServiceOnDefrag', 'SetMemberLocalAddr'].map(
    (gate) => `--feature-gates: ${gate} has no effect here`,
  ),
);
test(
  told,
  ['--pre-vote=false', '--downgrade-check-time=1s', '--grpc-keepalive-min-time=1s'],
  { preVote: false },
  "--grpc-keepalive-min-time has no effect here: clients' pings are answered, however many they are",
  '--pre-vote has no effect here: members always ask before an election whether it could be won',
  '--downgrade-check-time has no effect here: there is no older version to go back to',
);
test(
  told,
  ['--experimental-initial-corrupt-check', '--experimental-enable-lease-checkpoint=true'],
  { featureGates: { ...gates, InitialCorruptCheck: true, LeaseCheckpoint: true } },
  '--experimental-initial-corrupt-check is deprecated, use --feature-gates=InitialCorruptCheck=true',
  '--experimental-enable-lease-checkpoint is deprecated, use --feature-gates=LeaseCheckpoint=true',
  '--feature-gates: LeaseCheckpoint has no effect here',
);
test(
  told,
  ['--experimental-watch-progress-notify-interval', '5s', '--experimental-compaction-batch-limit=7'],
  { watchProgressMs: 5000, compactionBatch: 7 },
  '--experimental-watch-progress-notify-interval is deprecated, use --watch-progress-notify-interval=5s',
  '--experimental-compaction-batch-limit is deprecated, use --compaction-batch-limit=7',
);
test(told, ['--debug'], { logLevel: 'debug' }, '--debug is deprecated, use --log-level=debug');
test(told, ['--debug=false'], { logLevel: 'info' }, '--debug is deprecated, use --log-level');
test(
  told,
  ['--unsafe-no-fsync', '--max-wals=9', '--enable-pprof'],
  { name: 'default' },
  '--max-wals has no effect here: the log is kept as far as members need it',
  '--unsafe-no-fsync has no effect here: what was promised is always on the disk',
  '--enable-pprof has no effect here: use node --cpu-prof',
);
test(told, ['--max-wals=5', '--proxy=off', '--auto-tls=false', '--peer-auto-tls=F', '--memory-mlock=0'], {
  name: 'default',
});

test('the password of a discovery service is not repeated in the log', (t) => {
  const { warnings } = readMemberConfig(['--discovery-password=hunter2'], {});
  t.deepEqual(warnings, ['--discovery-password has no effect here: there is no discovery']);
});

const refused = test.macro({
  title: (_, args: readonly string[], message: string) => `refused: ${args.join(' ')}: ${message}`,
  exec: (t, args: readonly string[], message: string) => {
    t.deepEqual(
      complaintsOf(args).map((complaint) => complaint.message),
      [message],
    );
  },
});

test(
  refused,
  ['--auto-tls'],
  '--auto-tls: certificates that a member makes for itself prove nothing, and are used on when they have expired',
);
test(
  refused,
  ['--peer-auto-tls=true'],
  '--peer-auto-tls: with certificates that members make for themselves anybody who reaches the port is a member',
);
test(refused, ['--discovery-srv=example.com'], '--discovery-srv: members are not looked up in DNS');
test(refused, ['--proxy=on'], '--proxy: the v2 proxy is gone, from etcd too (3.6)');
test(refused, ['--feature-gates=Sauna=true'], '--feature-gates: unrecognized feature gate: Sauna');
test(
  refused,
  ['--feature-gates=LeaseCheckpoint'],
  '--feature-gates: missing bool value for feature gate LeaseCheckpoint',
);
test(
  refused,
  ['--feature-gates=LeaseCheckpointPersist=true'],
  'enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint',
);
test(
  refused,
  ['--experimental-initial-corrupt-check=false', '--feature-gates=InitialCorruptCheck=true'],
  'cannot specify both flags: --experimental-initial-corrupt-check=false and --feature-gates=InitialCorruptCheck=true at the same time, please just use --feature-gates=InitialCorruptCheck=true',
);
test(
  refused,
  ['--feature-gates=InitialCorruptCheck=true,InitialCorruptCheck=false'],
  '--feature-gates: feature gate InitialCorruptCheck is both true and false',
);
for (const time of ['1h', '2h']) {
  test(
    refused,
    [`--corrupt-check-time=1h`, `--experimental-corrupt-check-time=${time}`],
    'cannot set --experimental-corrupt-check-time and --corrupt-check-time at the same time, please use --corrupt-check-time only',
  );
}
test(refused, ['--debug', '--log-level=warn'], '--debug and --log-level say different things of --log-level');
test(refused, ['--max-request-bytes=0'], '--max-request-bytes: 0 is outside of 1 to 1073741824');
test(refused, ['--max-txn-ops=-1'], '--max-txn-ops: -1 is outside of 0 to 1000000');
test(refused, ['--auto-compaction-retention=x'], '--auto-compaction-retention: time: invalid duration "x"');
test(refused, ['--auto-compaction-retention=-1'], '--auto-compaction-retention: time: missing unit in duration "-1"');
test(refused, ['--corrupt-check-time=1'], '--corrupt-check-time: time: missing unit in duration "1"');
test(
  refused,
  ['--enable-log-rotation'],
  '--log-outputs requires a single file path when --log-rotate-config-json is defined',
);
test('a variable that contradicts a flag is refused, one that says the same is not', (t) => {
  t.deepEqual(
    complaintsOf(['--name=m1'], { ETCD_NAME: 'm2' }).map(({ message }) => message),
    ['conflicting environment variable ETCD_NAME is shadowed by corresponding command-line flag'],
  );
  t.deepEqual(complaintsOf(['--name=m1'], { ETCD_NAME: 'm1' }), []);
});

test("an older name in a variable beside today's on the command line is refused", (t) => {
  t.deepEqual(
    complaintsOf(['--corrupt-check-time=1h'], { ETCD_EXPERIMENTAL_CORRUPT_CHECK_TIME: '1h' }).map(({ flag }) => flag),
    ['ETCD_EXPERIMENTAL_CORRUPT_CHECK_TIME'],
  );
});

test("what Debian's /etc/default/etcd and its unit say starts a member", (t) => {
  const { config, warnings } = readMemberConfig([], {
    DAEMON_ARGS: '',
    ETCD_NAME: 'host1',
    ETCD_DATA_DIR: '/var/lib/etcd/default',
    ETCD_SNAPSHOT_COUNT: '10000',
    ETCD_MAX_SNAPSHOTS: '5',
    ETCD_LISTEN_PEER_URLS: 'http://10.0.0.5:2380,http://127.0.0.1:7001',
    ETCD_LISTEN_CLIENT_URLS: 'http://0.0.0.0:2379',
    ETCD_ADVERTISE_CLIENT_URLS: 'http://10.0.0.5:2379',
    ETCD_INITIAL_ADVERTISE_PEER_URLS: 'http://10.0.0.5:2380',
    ETCD_INITIAL_CLUSTER: 'host1=http://10.0.0.5:2380',
    ETCD_STRICT_RECONFIG_CHECK: 'true',
    ETCD_AUTO_COMPACTION_RETENTION: '1',
    ETCD_DISCOVERY_FALLBACK: 'proxy',
    ETCD_PROXY: 'off',
    ETCD_ENABLE_V2: '1',
    ETCD_DEBUG: 'false',
  });
  t.is(config.name, 'host1');
  t.is(config.listenPeerUrls.length, 2);
  t.deepEqual(config.autoCompaction, { kind: 'periodic', retentionMs: 3_600_000 });
  t.deepEqual(warnings, [
    'ETCD_DEBUG is deprecated, use --log-level',
    'ETCD_DISCOVERY_FALLBACK has no effect here: there is no discovery',
    'ETCD_ENABLE_V2 has no effect here: there is no v2 API',
  ]);
});

test('a variable of an older name is known, and its successor named', (t) => {
  const { config, warnings } = readMemberConfig([], { ETCD_EXPERIMENTAL_INITIAL_CORRUPT_CHECK: 'true' });
  t.true(config.featureGates.InitialCorruptCheck);
  t.deepEqual(warnings, [
    'ETCD_EXPERIMENTAL_INITIAL_CORRUPT_CHECK is deprecated, use --feature-gates=InitialCorruptCheck=true',
  ]);
});

test('no flag is in two groups of the help', (t) => {
  const rows = flagHelp.flatMap((group) => group.flags.map(({ flag }) => flag));
  t.is(new Set(rows).size, rows.length);
  t.true(rows.length > 120);
});

const https = ['--listen-client-urls=https://127.0.0.1:1', '--advertise-client-urls=https://127.0.0.1:1'];
const clientFiles = ['--cert-file=c', '--key-file=k'];
const secured = [...https, ...clientFiles, '--trusted-ca-file=ca'];

test('what is asked of certificates, and which TLS is spoken, reaches the member', (t) => {
  const { config } = readMemberConfig(
    [
      ...secured,
      '--client-crl-file=crl',
      '--client-cert-allowed-hostname=a.example,b.example',
      '--tls-min-version=TLS1.2',
      '--tls-max-version=TLS1.2',
      '--cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    ],
    {},
  );
  t.like(config.clientTls, {
    files: { cert: 'c', key: 'k', ca: 'ca', crl: 'crl' },
    rules: { allowed: { kind: 'hostnames', names: ['a.example', 'b.example'] } },
  });
  t.like(config.clientTls?.protocol, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  t.is(config.clientTls?.protocol.cipherSuites[0]?.openssl, 'ECDHE-ECDSA-AES128-GCM-SHA256');
});

test('members are held to their addresses unless told otherwise, under the older name of the flag too', (t) => {
  const peers = ['--listen-peer-urls=https://127.0.0.1:1', '--initial-advertise-peer-urls=https://127.0.0.1:1'];
  const files = ['--peer-cert-file=c', '--peer-key-file=k', '--peer-trusted-ca-file=ca'];
  const rulesWith = (...args: readonly string[]) =>
    readMemberConfig([...peers, ...files, ...args], {}).config.peerTls?.rules;
  t.deepEqual(rulesWith(), { fromItsAddress: true });
  t.deepEqual(rulesWith('--experimental-peer-skip-client-san-verification'), { fromItsAddress: false });
  t.deepEqual(rulesWith('--peer-cert-allowed-cn=m1,m2'), {
    allowed: { kind: 'common-names', names: ['m1', 'm2'] },
    fromItsAddress: true,
  });
});

test(
  refused,
  ['--tls-min-version=TLS1.1'],
  '--tls-min-version: unexpected TLS version "TLS1.1" (must be one of: TLS1.2, TLS1.3)',
);
test(refused, ['--cipher-suites=TLS_FAST'], '--cipher-suites: unexpected TLS cipher suite "TLS_FAST"');
test(
  refused,
  ['--tls-min-version=TLS1.3', '--tls-max-version=TLS1.2'],
  'min version (TLS1.3) is greater than max version (TLS1.2)',
);
test(
  refused,
  ['--tls-min-version=TLS1.3', '--cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  'cipher suites cannot be configured when only TLS1.3 is enabled',
);
test(
  refused,
  ['--peer-cert-allowed-cn=a', '--peer-cert-allowed-hostname=b'],
  'AllowedCNs and AllowedHostnames are mutually exclusive (cns=["a"], hostnames=["b"])',
);
test(
  refused,
  ['--peer-client-cert-file=a'],
  '--peer-client-cert-file and --peer-client-key-file must both be present, --peer-client-key-file is missing',
);

test('what is asked of certificates is refused where nobody has to show one', (t) => {
  for (const flag of ['--client-crl-file', '--client-cert-allowed-hostname', '--client-cert-allowed-cn']) {
    const messages = complaintsOf([...https, ...clientFiles, `${flag}=x`]).map(({ message }) => message);
    t.deepEqual(messages, [`${flag} needs --trusted-ca-file`]);
  }
  t.deepEqual(readMemberConfig(['--client-crl-file=x'], {}).warnings, [
    '--client-crl-file: scheme is HTTP, nobody shows a certificate; ignoring it',
  ]);
});

test('probes over https need the certificate of the client URLs', (t) => {
  const messages = complaintsOf(['--listen-metrics-urls=https://127.0.0.1:1']).map(({ message }) => message);
  t.deepEqual(messages, ['client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure url']);
});
