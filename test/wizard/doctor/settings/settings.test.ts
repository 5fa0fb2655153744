import test from 'ava';
import type { Trouble } from '../../../../wizard/doctor/reasons.js';
import { settingsIn } from '../../../../wizard/doctor/settings/read.js';
import { settingsTroubles } from '../../../../wizard/doctor/settings/troubles.js';

const tls = '--cert-file=a.crt --key-file=a.key --client-cert-auth --trusted-ca-file=ca.crt';
const peers = '--peer-cert-file=p.crt --peer-key-file=p.key --peer-client-cert-auth --peer-trusted-ca-file=ca.crt';
const cluster = '--initial-cluster=m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380';
const healthy = `${tls} ${peers} ${cluster} --advertise-client-urls=https://10.0.0.1:2379`;

/** A manifest, and what is changed in it. */
const pod = (from: string | RegExp = '', to = ''): string =>
  `apiVersion: v1
kind: Pod
spec:
  hostNetwork: true
  priorityClassName: system-node-critical
  containers:
    - image: registry.k8s.io/etcd:3.5.15-0
      command:
        - etcd
        - --data-dir=/var/lib/etcd
        - --cert-file=/pki/server.crt
        - --key-file=/pki/server.key
        - --trusted-ca-file=/pki/ca.crt
        - --client-cert-auth=true
      livenessProbe: { httpGet: { host: 127.0.0.1, path: /livez, port: 2381, scheme: HTTP } }
      readinessProbe: { httpGet: { host: 127.0.0.1, path: /readyz, port: 2381, scheme: HTTP } }
      volumeMounts:
        - { mountPath: /var/lib/etcd, name: data }
        - { mountPath: /pki, name: certs }
  volumes:
    - { name: data, hostPath: { path: /var/lib/etcd, type: DirectoryOrCreate } }
    - { name: certs, hostPath: { path: /etc/etcd/pki, type: Directory } }
`.replace(from, to);

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
  ['a flag that is gone', `etcd ${healthy} --enable-v2=true`, 'flag-deprecated'],
  ['an experimental flag', `etcd ${healthy} --experimental-initial-corrupt-check`, 'flag-deprecated'],
  ['a placeholder', `ExecStart=etcd --name <NODE_NAME> ${healthy}`, 'placeholder'],
  ['nothing but http', 'etcd --listen-client-urls=http://0.0.0.0:2379', 'without-tls'],
  ['peers by http alone', `etcd ${tls} --initial-advertise-peer-urls=http://10.0.0.1:2380`, 'without-tls'],
  ['an old logger', `etcd ${healthy} --logger=capnslog`, 'flag-deprecated'],
  ['a proxy of the v2 API', `etcd ${healthy} --proxy-dial-timeout 1000`, 'flag-deprecated'],
  ['a service of the v2 API', `etcd ${healthy} --discovery=https://discovery.example.org/x`, 'flag-deprecated'],
  [
    'a flag that the image has no more',
    pod('3.5.15-0', '3.6.4').replace('- etcd\n', '- etcd\n        - --proxy=on\n'),
    'flag-gone',
  ],
  ['a pod without a volume', pod(/.*mountPath: .var.*\n/), 'pod-forgets'],
  [
    'a pod with an emptyDir',
    pod('hostPath: { path: /var/lib/etcd, type: DirectoryOrCreate }', 'emptyDir: {}'),
    'pod-forgets',
  ],
  [
    'a pod that mounts what it has not',
    pod('mountPath: /var/lib/etcd, name: data', 'mountPath: /var/lib/etcd, name: date'),
    'pod-forgets',
  ],
  ['a pod whose certificates are elsewhere', pod('/pki/server.key', '/etc/kubernetes/pki/server.key'), 'pod-files'],
  ['a static pod with a Secret', pod(/hostPath: .*Directory \}/, 'secret: { secretName: etcd-certs }'), 'pod-refers'],
  [
    'a static pod with a variable of a Secret',
    pod('      command:', '      env: [{ name: A, valueFrom: { secretKeyRef: { name: s, key: k } } }]\n      command:'),
    'pod-refers',
  ],
  ['a static pod with a ConfigMap', pod(/hostPath: .*Directory \}/, 'configMap: { name: etcd-certs }'), 'pod-refers'],
  ['a static pod with an account', pod('spec:', 'spec:\n  serviceAccountName: etcd'), 'pod-refers'],
  ['a pod in a network of its own', pod(/.*hostNetwork.*\n/), 'pod-network'],
  ['a pod that nobody watches', pod(/ *(liveness|readiness)Probe.*\n/g), 'pod-unwatched'],
  [
    'a probe without a certificate',
    pod('/livez, port: 2381, scheme: HTTP', '/livez, port: 2379, scheme: HTTPS'),
    'probe-refused',
  ],
  ['a pod that is no YAML', pod('hostNetwork: true', 'hostNetwork: [true'), 'pod-unreadable'],
  [
    'a pod whose aliases explode',
    `kind: Pod\na: &a [x, x]\n${[...'bcdefghi'].map((name, n) => `${name}: &${name} [${`*${'abcdefgh'[n]}, `.repeat(9)}]`).join('\n')}\n`,
    'pod-unreadable',
  ],
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
  ['a pod', pod()],
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
    `image: ${'etcd'.repeat(125_000)}`,
    `kind: Pod\n${'- '.repeat(2_000)}`,
  ])
    settingsTroubles(text, 'a file');
  t.true(performance.now() - began < 3_000);
});
