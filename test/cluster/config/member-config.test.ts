import test from 'ava';
import { type Complaint, flagHelp, readMemberConfig } from '../../../cluster/config/index.js';
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

const tls = [
  '--cert-file=/pki/server.crt',
  '--key-file=/pki/server.key',
  '--trusted-ca-file=/pki/ca.crt',
  '--peer-cert-file=/pki/peer.crt',
  '--peer-key-file=/pki/peer.key',
  '--peer-trusted-ca-file=/pki/ca.crt',
];

const kubeadm = [
  '--advertise-client-urls=https://10.0.0.1:2379',
  '--cert-file=/etc/kubernetes/pki/etcd/server.crt',
  '--client-cert-auth=true',
  '--data-dir=/var/lib/etcd',
  '--feature-gates=InitialCorruptCheck=true',
  '--initial-advertise-peer-urls=https://10.0.0.1:2380',
  '--initial-cluster=cp1=https://10.0.0.1:2380',
  '--key-file=/etc/kubernetes/pki/etcd/server.key',
  '--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.1:2379',
  '--listen-peer-urls=https://10.0.0.1:2380',
  '--name=cp1',
  '--peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt',
  '--peer-client-cert-auth=true',
  '--peer-key-file=/etc/kubernetes/pki/etcd/peer.key',
  '--peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt',
  '--snapshot-count=10000',
  '--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt',
  '--watch-progress-notify-interval=5s',
];

test("without flags a member is alone, in clear, on localhost, with etcd's numbers", (t) => {
  const { config, warnings } = readMemberConfig([], { HOME: '/root' });
  t.deepEqual(warnings, []);
  t.like(config, {
    name: 'default',
    dataDir: 'default.etcd',
    heartbeatMs: 100,
    electionMs: 1000,
    snapshotEntries: 10_000,
    quotaBytes: 2_147_483_648,
    txnOpsMax: 128,
    requestBytesMax: 1_572_864,
    clientTls: undefined,
    peerTls: undefined,
    preVote: true,
    logLevel: 'info',
    logOutputs: ['stderr'],
    initialAccessFile: undefined,
  });
  t.deepEqual(config.listenClientUrls, [
    { secure: false, host: 'localhost', port: 2379, text: 'http://localhost:2379' },
  ]);
  t.deepEqual(
    config.initialCluster.map(({ name, urls }) => [name, urls.map((url) => url.text)]),
    [['default', ['http://localhost:2380']]],
  );
});

test('a kubeadm manifest starts a member as it is', (t) => {
  const { config, warnings } = readMemberConfig(kubeadm, {});
  t.deepEqual(warnings, []);
  t.is(config.watchProgressMs, 5000);
  t.true(config.featureGates.InitialCorruptCheck);
  t.deepEqual(config.peerTls, {
    files: {
      cert: '/etc/kubernetes/pki/etcd/peer.crt',
      key: '/etc/kubernetes/pki/etcd/peer.key',
      ca: '/etc/kubernetes/pki/etcd/ca.crt',
    },
    requireClientCertificate: true,
    rules: { fromItsAddress: true },
    protocol: { minVersion: 'TLSv1.2', cipherSuites: [] },
  });
  t.true(config.clientCertAuth);
  t.is(config.listenClientUrls.length, 2);
});

test("Go's ways to write a flag all say the same", (t) => {
  for (const args of [['--name=m1'], ['--name', 'm1'], ['-name=m1'], ['-name', 'm1'], ['--name=m0', '--name=m1']]) {
    t.is(readMemberConfig(args, {}).config.name, 'm1', args.join(' '));
  }
  for (const yes of ['--pre-vote', '--pre-vote=true', '-pre-vote=1', '--pre-vote=t', '--pre-vote=T']) {
    t.true(readMemberConfig([yes], {}).config.preVote, yes);
  }
  for (const no of ['--pre-vote=false', '--pre-vote=0', '-pre-vote=f', '--pre-vote=FALSE']) {
    t.false(readMemberConfig([no], {}).config.preVote, no);
  }
  t.is(readMemberConfig(['--quota-backend-bytes', '-1'], {}).config.quotaBytes, undefined);
});

test('variables are read, and an empty one is not set', (t) => {
  const { config, warnings } = readMemberConfig(['--name=m1'], {
    ETCD_NAME: 'm1',
    ETCD_INITIAL_CLUSTER: 'm1=http://localhost:2380,m2=http://10.0.0.2:2380',
    ETCD_DATA_DIR: '',
    ETCD_COLOUR: 'red',
    ETCDCTL_API: '3',
  });
  t.is(config.name, 'm1');
  t.is(config.dataDir, 'm1.etcd');
  t.is(config.initialCluster.length, 2);
  t.deepEqual(warnings, ['unrecognized environment variable ETCD_COLOUR']);
});

test('an unknown flag is named with the one that was meant', (t) => {
  const error = t.throws(() => readMemberConfig(['--trusted-ca=x'], {}), { instanceOf: ClusterError });
  t.is(error?.message, 'flag provided but not defined: --trusted-ca');
  t.is(error?.hint, 'did you mean --trusted-ca-file?');
});

test('everything that is wrong is said at once', (t) => {
  const args = ['--nmae', 'm1', 'stray', '--pre-vote=maybe', '--election-timeout=200', '--data-dir'];
  const error = t.throws(() => readMemberConfig(args, { ETCD_SNAPSHOT_COUNT: 'many' }), { instanceOf: ClusterError });
  t.is(error?.code, 'flag-refused');
  t.is(
    error?.message,
    [
      '6 flags are refused:',
      'flag provided but not defined: --nmae (did you mean --name?)',
      "'stray' is not a valid flag",
      'flag needs an argument: --data-dir',
      'ETCD_SNAPSHOT_COUNT: invalid value "many": not a whole number',
      '--pre-vote: invalid boolean value "maybe"',
      '--election-timeout[200ms] should be at least as 5 times as --heartbeat-interval[100ms] (set --election-timeout=1000)',
    ].join('\n  '),
  );
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
  ['--listen-client-urls=http://127.0.0.1:1'],
  '--advertise-client-urls is required when --listen-client-urls is set explicitly',
);
test(
  refused,
  ['--listen-peer-urls=http://example.com:2380'],
  '--listen-peer-urls: expected IP in URL for binding (http://example.com:2380)',
);
test(refused, ['--listen-peer-urls=unix://socket'], '--listen-peer-urls: unix sockets are not served: unix://socket');
test(
  refused,
  ['--listen-peer-urls=localhost:2380'],
  '--listen-peer-urls: URL scheme must be http or https: localhost:2380',
);
test(refused, ['--listen-peer-urls=,'], '--listen-peer-urls: no valid URLs given');
test(
  refused,
  ['--listen-peer-urls=http://127.0.0.1'],
  '--listen-peer-urls: URL address does not have the form "host:port": http://127.0.0.1',
);
test(
  refused,
  ['--listen-peer-urls=http://127.0.0.1:80/x'],
  '--listen-peer-urls: URL must not contain a path: http://127.0.0.1:80/x',
);
test(
  refused,
  ['--listen-peer-urls=http://127.0.0.1:70000'],
  '--listen-peer-urls: port 70000 is above 65535 (http://127.0.0.1:70000)',
);
test(
  refused,
  ['--listen-peer-urls=http://10.0.0.999:1'],
  '--listen-peer-urls: "10.0.0.999" is no host (http://10.0.0.999:1)',
);
test(refused, ['--listen-peer-urls=http://localhost:2379'], 'localhost:2379 is listened on twice');
test(
  refused,
  ['--initial-cluster=m1=http://localhost:2380'],
  'couldn\'t find local name "default" in the initial cluster configuration',
);
test(refused, ['--initial-cluster=m1'], '--initial-cluster: "m1" does not have the form NAME=URL');
test(
  refused,
  ['--initial-cluster=default=http://localhost:2380,b=http://localhost:2380'],
  '--initial-cluster: http://localhost:2380 is given twice',
);
test(
  refused,
  ['--initial-cluster=default=http://localhost:2380,default=http://10.0.0.1:1'],
  '--initial-cluster has default=http://10.0.0.1:1 but missing from --initial-advertise-peer-urls=http://localhost:2380',
);
test(
  refused,
  [
    '--initial-cluster=default=http://localhost:2380',
    '--initial-advertise-peer-urls=http://localhost:2380,http://10.0.0.1:1',
  ],
  '--initial-advertise-peer-urls has default=http://10.0.0.1:1 but missing from --initial-cluster=default=http://localhost:2380',
);
test(refused, ['--initial-cluster-state=old'], '--initial-cluster-state: "old" is not one of new, existing');
test(
  refused,
  ['--listen-client-urls=https://127.0.0.1:2379', '--advertise-client-urls=https://127.0.0.1:2379'],
  'TLS key/cert (--cert-file, --key-file) must be provided for client url https://127.0.0.1:2379 with HTTPS scheme',
);
test(refused, ['--cert-file=a'], '--cert-file and --key-file must both be present, --key-file is missing');
test(refused, ['--client-cert-auth'], '--client-cert-auth needs --trusted-ca-file');
test(refused, ['--name=a/b'], '--name "a/b" must be one word without "," "=" and "/"');
test(refused, ['--bcrypt-cost=40'], '--bcrypt-cost: 40 is outside of 4 to 31');
test(refused, ['--auth-token=jwt,x=y'], '--auth-token: there is no option x; sign-method is missing');

test('members either all speak TLS, with their own authority, or none does', (t) => {
  const https = ['--listen-peer-urls=https://127.0.0.1:2380', '--initial-advertise-peer-urls=https://127.0.0.1:2380'];
  t.deepEqual(
    complaintsOf([...https, '--peer-cert-file=c', '--peer-key-file=k']).map(({ flag }) => flag),
    ['--peer-trusted-ca-file'],
  );
  const mixed = [...https, ...tls.slice(3), '--initial-cluster=default=https://127.0.0.1:2380,b=http://127.0.0.1:1'];
  t.deepEqual(
    complaintsOf(mixed).map(({ message }) => message),
    ['peer urls mix http and https: http://127.0.0.1:1, https://127.0.0.1:2380'],
  );
});

test('an advertised address that is nobody is a warning, as in etcd', (t) => {
  const urls = ['--listen-client-urls=http://0.0.0.0:2379', '--advertise-client-urls=http://0.0.0.0:2379'];
  const { warnings } = readMemberConfig(urls, { ETCD_VERIFY: 'all', ETCD_UNSUPPORTED_ARCH: 'riscv64' });
  t.deepEqual(warnings, [
    '--advertise-client-urls: http://0.0.0.0:2379 is no address to connect to; whoever is told of it elsewhere finds nobody',
  ]);
});

test('http with certificates given is a warning, a URL at a time', (t) => {
  const { config, warnings } = readMemberConfig([...tls, '--client-cert-auth'], {});
  t.deepEqual(warnings, [
    'http://localhost:2379: scheme is HTTP while key and cert files are present; ignoring key and cert files',
    'http://localhost:2379: scheme is HTTP while --client-cert-auth is enabled; ignoring client cert auth for this URL',
    'http://localhost:2380: scheme is HTTP while key and cert files are present; ignoring key and cert files',
  ]);
  t.is(config.clientTls, undefined);
  t.is(config.peerTls, undefined);
});

test('an authority alone makes client certificates required, but only the flag takes users from them', (t) => {
  const urls = ['--listen-client-urls=https://127.0.0.1:2379', '--advertise-client-urls=https://127.0.0.1:2379'];
  const { config } = readMemberConfig([...urls, ...tls.slice(0, 3)], {});
  t.true(config.clientTls?.requireClientCertificate);
  t.false(config.clientCertAuth);
});

test('help lists every flag, in groups, with its variable and default', (t) => {
  const rows = flagHelp.flatMap((group) => group.flags);
  t.deepEqual(
    rows.find(({ flag }) => flag.startsWith('--listen-client-urls')),
    {
      flag: '--listen-client-urls URL,…',
      variable: 'ETCD_LISTEN_CLIENT_URLS',
      description: 'where to listen for clients',
      fallback: 'http://localhost:2379',
    },
  );
  const named = (name: string) => rows.filter(({ flag }) => flag.split(' ')[0] === name).length;
  t.deepEqual([named('--auto-compaction-retention'), named('--enable-v2'), named('--force-new-cluster')], [1, 1, 1]);
  t.true(rows.every(({ description }) => description.length > 10));
});
