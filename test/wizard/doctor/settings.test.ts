import test from 'ava';
import type { Trouble } from '../../../wizard/doctor/reasons.js';
import { settingsIn, settingsTroubles } from '../../../wizard/doctor/settings.js';

const tls = '--cert-file=a.crt --key-file=a.key --client-cert-auth --trusted-ca-file=ca.crt';
const peers = '--peer-cert-file=p.crt --peer-key-file=p.key --peer-client-cert-auth --peer-trusted-ca-file=ca.crt';
const cluster = '--initial-cluster=m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380';
const healthy = `${tls} ${peers} ${cluster} --advertise-client-urls=https://10.0.0.1:2379`;

const pod = (more: string): string => `apiVersion: v1
kind: Pod
spec:
  priorityClassName: system-node-critical
  containers:
    - command: [etcd, --data-dir=/var/lib/etcd]
      livenessProbe: {}
      readinessProbe: {}
${more}
`;

const volume = '      volumeMounts:\n        - { mountPath: /var/lib/etcd, name: data }';

/** A mistake as people make it, in whatever file, and what is said to it. */
const mistakes: readonly (readonly [what: string, text: string, code: Trouble])[] = [
  [
    'everywhere is advertised',
    `etcd ${healthy.replace('https://10.0.0.1:2379', 'https://0.0.0.0:2379')}`,
    'dead-address',
  ],
  [
    'localhost is advertised by one of several',
    `etcd ${healthy.replace('https://10.0.0.1:2379', 'https://localhost:2379')}`,
    'dead-address',
  ],
  ['http beside a certificate', `ETCD_CERT_FILE=a.crt\nETCD_ADVERTISE_CLIENT_URLS=http://10.0.0.1:2379\n`, 'plain-url'],
  ['a certificate and no client authentication', 'etcd --cert-file=a.crt --key-file=a.key', 'client-auth-missing'],
  ['client authentication without an authority', 'etcd --cert-file a.crt --client-cert-auth', 'authority-missing'],
  ['peers without certificates', `etcd ${tls} ${cluster}`, 'peers-bare'],
  [
    'a name and a host name allowed',
    `etcd ${healthy} --peer-cert-allowed-cn=a --peer-cert-allowed-hostname=b`,
    'flags-exclude',
  ],
  ['a host name allowed for clients', `etcd ${healthy} --client-cert-allowed-hostname=b`, 'gateway-refused'],
  ['certificates that etcd makes itself', 'etcd --auto-tls', 'auto-tls'],
  ['metrics behind certificates', `etcd ${healthy} --listen-metrics-urls=https://10.0.0.1:2381`, 'metrics-guarded'],
  ['members that are found by DNS', `etcd ${healthy} --discovery-srv=example.org`, 'srv-name'],
  ['suites of TLS 1.3 alone', `etcd ${healthy} --cipher-suites=TLS_AES_128_GCM_SHA256`, 'suites-tls13'],
  ['a list in PEM', `etcd ${healthy} --client-crl-file=/etc/ca.pem`, 'list-format'],
  ['a flag that is gone', `etcd ${healthy} --enable-v2=true`, 'flag-deprecated'],
  ['an experimental flag', `etcd ${healthy} --experimental-initial-corrupt-check`, 'flag-deprecated'],
  ['a placeholder', `ExecStart=etcd --name <NODE_NAME> ${healthy}`, 'placeholder'],
  ['a pod without a volume', pod(''), 'pod-forgets'],
  [
    'a static pod with a Secret',
    pod(`${volume}\n  volumes:\n    - secret:\n        secretName: etcd-certs`),
    'pod-secret',
  ],
  ['a pod that nobody watches', pod(volume).replace(/ *(liveness|readiness)Probe.*\n/g, ''), 'pod-unwatched'],
  ['a flag that kubeadm has not', 'kubeadm init --etcd-servers=https://10.0.0.1:2379', 'flag-unknown'],
  ...(
    [
      ['peer-transport-security:\n  auto-tls: true', 'auto-tls'],
      [
        'client-transport-security: { cert-file: a.crt, key-file: a.key, client-cert-auth: false }',
        'client-auth-missing',
      ],
      ['client-transport-security:\n  cert-file: a.crt\n  client-cert-auth: true', 'authority-missing'],
      [
        'advertise-client-urls: http://10.0.0.1:2379\nclient-transport-security:\n  cert-file: a.crt\n  client-cert-auth: true\n  trusted-ca-file: c',
        'plain-url',
      ],
    ] as const
  ).map(([text, code]) => [`etcd's file: ${text.slice(0, 50)}`, `name: m1\n${text}\n`, code] as const),
  ['the same on a line of its own', 'kubeadm init \\\n  --etcd-servers=https://10.0.0.1:2379', 'flag-unknown'],
];

for (const [what, text, code] of mistakes) {
  test(`${what}: ${code}`, (t) => {
    const found = settingsTroubles(text, 'a file');
    t.true(
      found.some((each) => each.code === code),
      JSON.stringify(found),
    );
    for (const each of found) t.truthy(each.next);
  });
}

for (const [what, text] of [
  ['a command line', `etcd ${healthy}`],
  [
    'a member of one machine',
    'etcd --initial-cluster=m1=http://127.0.0.1:2380 --advertise-client-urls=http://127.0.0.1:2379',
  ],
  ['a pod', pod(volume)],
  ['nothing', ''],
] as const) {
  test(`nothing is wrong with ${what}`, (t) => t.deepEqual(settingsTroubles(text, 'a file'), []));
}

for (const [what, text] of [
  ['a unit', 'ExecStart=/usr/bin/etcd \\\n  --data-dir=/d \\\n  --name m1\n'],
  ['a manifest in lines', 'command:\n  - etcd\n  - --data-dir=/d\n  - --name=m1\n'],
  ['a manifest in one line', 'command: ["etcd", "--data-dir=/d", "--name", "m1"]'],
  ['an environment file', '# ETCD_NAME=old\nETCD_NAME="m1"\nETCD_DATA_DIR=/d\n'],
  ['variables of a pod', 'env:\n  - name: ETCD_DATA_DIR\n    value: /d\n  - name: ETCD_NAME\n    value: "m1"\n'],
  ["etcd's configuration file", 'name: m1\ndata-dir: /d\n'],
] as const) {
  test(`settings are found in ${what}`, (t) => {
    const settings = settingsIn(text);
    t.deepEqual([settings.get('name'), settings.get('data-dir')], ['m1', '/d']);
  });
}

test('a hostile file takes no time', (t) => {
  const began = performance.now();
  for (const text of [
    '--a '.repeat(100_000),
    `ETCD_${'A'.repeat(500_000)}`,
    '"'.repeat(500_000),
    `name: ETCD_A\n${' '.repeat(500_000)}`,
  ])
    settingsTroubles(text, 'a file');
  t.true(performance.now() - began < 3_000);
});
