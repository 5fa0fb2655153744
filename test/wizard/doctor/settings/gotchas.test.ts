import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { whyOf } from '../../../../wizard/doctor/diagnosis.js';
import type { Trouble } from '../../../../wizard/doctor/reasons.js';
import { writtenTroubles } from '../../../../wizard/doctor/settings/troubles.js';
import type { Release } from '../../../../wizard/run/engine.js';
import { judge } from '../../../judges.js';
import { temporaryFolder } from '../../apply/folder.js';

// What people do wrong with etcd and its certificates, each made with openssl and a line of settings, and found on a machine that has
// nothing of ours. What is only seen on members that run is in live.test.ts, strangers.test.ts and certificates/live.test.ts.

/** What openssl makes: usages, names, kind of key, days. */
interface Made {
  readonly usages?: string;
  readonly names?: string;
  readonly key?: 'ec' | 'rsa';
  readonly days?: number;
  readonly subject?: string;
  readonly ca?: string;
}

function workshop(t: ExecutionContext) {
  const folder = temporaryFolder(t);
  const at = (name: string): string => join(folder, name);
  const openssl = (line: string): void => {
    execFileSync('openssl', line.split(' '), { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
  };
  const newKey = (kind: 'ec' | 'rsa'): string => (kind === 'ec' ? 'ec -pkeyopt ec_paramgen_curve:P-256' : 'rsa:2048');
  const authority = (name: string, commonName = name): void =>
    openssl(
      `req -x509 -newkey ${newKey('ec')} -nodes -keyout ${name}.key -out ${name}.crt -subj /CN=${commonName} -days 3650`,
    );
  authority('ca');
  const make = (name: string, made: Made = {}): void => {
    const { usages = 'serverAuth,clientAuth', names = 'DNS:localhost,IP:127.0.0.1,IP:10.0.0.1' } = made;
    const { key = 'ec', days = 365, subject = '/CN=m1', ca = 'ca' } = made;
    const lines = [
      'basicConstraints=critical,CA:FALSE',
      'keyUsage=critical,digitalSignature',
      ...(usages === '' ? [] : [`extendedKeyUsage=${usages}`]),
      ...(names === '' ? [] : [`subjectAltName=${names}`]),
    ];
    writeFileSync(at('ext'), `${lines.join('\n')}\n`);
    openssl(`req -newkey ${newKey(key)} -nodes -keyout ${name}.key -out ${name}.csr -subj ${subject}`);
    openssl(
      `x509 -req -in ${name}.csr -CA ${ca}.crt -CAkey ${ca}.key -CAcreateserial -out ${name}.crt -days ${days} -extfile ext`,
    );
    chmodSync(at(`${name}.key`), 0o600);
  };
  make('server');
  make('peer');
  const files = (prefix: string, name: string): string =>
    `--${prefix}cert-file=${at(`${name}.crt`)} --${prefix}key-file=${at(`${name}.key`)} --${prefix}trusted-ca-file=${at('ca.crt')} --${prefix}client-cert-auth`;
  const urls =
    '--advertise-client-urls=https://10.0.0.1:2379 --initial-advertise-peer-urls=https://10.0.0.1:2380 --initial-cluster=m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380';
  return { at, make, authority, line: `etcd ${files('', 'server')} ${files('peer-', 'peer')} ${urls}` };
}

type Workshop = ReturnType<typeof workshop>;

interface Row {
  /** The line of settings, with the mistake made. */
  readonly plant: (shop: Workshop) => string;
  readonly code: Trouble;
  readonly now?: number;
  readonly here?: Release;
}

const plus = (flags: string) => (shop: Workshop) => `${shop.line} ${flags}`;
const madeAgain = (name: 'server' | 'peer', made: Made) => (shop: Workshop) => {
  shop.make(name, made);
  return shop.line;
};
const changed = (from: RegExp, to: string) => (shop: Workshop) => shop.line.replace(from, to);
const day = 86_400_000;

const rows: Readonly<Record<string, Row>> = {
  '1 a server certificate that the JSON gateway can not dial with': {
    plant: madeAgain('server', { usages: 'serverAuth' }),
    code: 'wrong-usage',
  },
  '2 a host name allowed for clients, which the gateway has not': {
    plant: plus('--client-cert-allowed-hostname=db'),
    code: 'gateway-refused',
  },
  '3 a peer that may only listen': { plant: madeAgain('peer', { usages: 'serverAuth' }), code: 'wrong-usage' },
  '4 a peer without the address that it comes from': {
    plant: madeAgain('peer', { names: 'DNS:localhost,IP:127.0.0.1' }),
    code: 'names-missing',
  },
  '5 metrics that hold a scraper against its address': {
    plant: plus('--listen-metrics-urls=https://10.0.0.1:2381'),
    code: 'metrics-guarded',
  },
  '6 members that are found by DNS': { plant: plus('--discovery-srv=example.org'), code: 'srv-name' },
  '7 a name and a host name allowed': {
    plant: plus('--peer-cert-allowed-cn=a --peer-cert-allowed-hostname=b'),
    code: 'flags-exclude',
  },
  '8 client authentication without an authority': {
    plant: changed(/ --trusted-ca-file=\S+/, ''),
    code: 'authority-missing',
  },
  '8 an authority without client authentication': {
    plant: changed(/ --client-cert-auth/, ''),
    code: 'client-auth-missing',
  },
  '9 http beside certificates': {
    plant: changed(/advertise-client-urls=https:/, 'advertise-client-urls=http:'),
    code: 'plain-url',
  },
  '10 a list in PEM, by its name': { plant: plus('--client-crl-file=/etc/etcd/ca.crl'), code: 'list-format' },
  '10 a list in PEM, by what is in it': {
    plant: (shop) => {
      writeFileSync(shop.at('list'), '-----BEGIN X509 CRL-----\n');
      return `${shop.line} --client-crl-file=${shop.at('list')}`;
    },
    code: 'list-format',
    here: [3, 6],
  },
  '12 certificates that etcd makes itself': { plant: plus('--peer-auto-tls'), code: 'auto-tls' },
  '13 a certificate that has ended': { plant: ({ line }) => line, code: 'expired', now: 400 * day },
  '13 a certificate that ends soon': { plant: ({ line }) => line, code: 'expires-soon', now: 350 * day },
  '14 a certificate of another authority with the same name: "bad certificate"': {
    plant: (shop) => {
      shop.authority('other', 'ca');
      shop.make('server', { ca: 'other' });
      return shop.line;
    },
    code: 'wrong-authority',
  },
  '14 a certificate of an authority that nobody knows': {
    plant: (shop) => {
      shop.authority('other');
      shop.make('server', { ca: 'other' });
      return shop.line;
    },
    code: 'chain-incomplete',
  },
  '14 the key of another certificate': {
    plant: (shop) => {
      writeFileSync(shop.at('server.key'), readFileSync(shop.at('peer.key')));
      return shop.line;
    },
    code: 'key-mismatch',
  },
  '15 a clock that is behind': { plant: ({ line }) => line, code: 'not-yet-valid', now: -day },
  '16 everywhere is advertised': {
    plant: changed(/https:\/\/10\.0\.0\.1:2379/, 'https://0.0.0.0:2379'),
    code: 'dead-address',
  },
  '16 localhost is advertised': {
    plant: changed(/https:\/\/10\.0\.0\.1:2379/, 'https://localhost:2379'),
    code: 'dead-address',
  },
  '17 a key that others read': {
    plant: (shop) => {
      chmodSync(shop.at('server.key'), 0o644);
      return shop.line;
    },
    code: 'key-exposed',
  },
  '18 suites of another kind of key': {
    plant: plus('--cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'),
    code: 'suites-key',
  },
  '18 suites of TLS 1.3 alone': { plant: plus('--cipher-suites=TLS_AES_128_GCM_SHA256'), code: 'suites-tls13' },
  '19 a proxy whose certificate names somebody': {
    plant: (shop) =>
      `${shop.line}\netcd grpc-proxy start --cert=${shop.at('server.crt')} --key=${shop.at('server.key')}`,
    code: 'proxy-named',
  },
  '20 a server without the address that it is dialled by': {
    plant: madeAgain('server', { names: 'DNS:localhost' }),
    code: 'names-missing',
  },
  '20 a server without the address that it listens on': {
    plant: (shop) => {
      shop.make('server', { names: 'DNS:localhost,IP:10.0.0.1' });
      return `${shop.line} --listen-client-urls=https://127.0.0.1:2379`;
    },
    code: 'names-missing',
  },
  'a tutorial: certificates without names': { plant: madeAgain('server', { names: '' }), code: 'no-names' },
  'a tutorial: no certificates for peers': { plant: changed(/ --peer-\S+/g, ''), code: 'peers-bare' },
  'a tutorial: a placeholder': { plant: plus('--name <NODE_NAME>'), code: 'placeholder' },
  'a tutorial: a flag that kubeadm has not': {
    plant: plus('\nkubeadm init --etcd-servers=https://10.0.0.1:2379'),
    code: 'flag-unknown',
  },
  'a flag that the etcd here has no more': { plant: plus('--enable-v2'), code: 'flag-gone', here: [3, 6] },
  'a flag that the next etcd has no more': { plant: plus('--enable-v2'), code: 'flag-deprecated', here: [3, 4] },
};

const look = (text: string, { now = 0, here }: Partial<Row> = {}) =>
  writtenTroubles(text, 'a unit', here, new Date(Date.now() + now));

const openssl = judge('openssl');

openssl.test('nothing is wrong with what is right, for either kind of key', async (t) => {
  const shop = workshop(t);
  t.deepEqual(await look(shop.line), []);
  for (const name of ['server', 'peer']) shop.make(name, { key: 'rsa' });
  t.deepEqual(await look(`${shop.line} --cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`), []);
  t.deepEqual(await look(shop.line.replaceAll(shop.at(''), '/nowhere/')), [], 'files of another machine');
});

openssl.test('what has no end, or waits for somebody, is not read', async (t) => {
  const { at } = workshop(t);
  execFileSync('mkfifo', [at('fifo')]);
  for (const path of ['/dev/zero', at('fifo'), at('')]) {
    const found = await look(
      `etcd --cert-file=${path} --key-file=${path} --trusted-ca-file=${path} --client-cert-auth`,
    );
    t.true(found.length > 0);
    t.deepEqual([...new Set(found.map(({ code }) => code))], ['certificate-unreadable']);
    t.deepEqual(await look(`etcd grpc-proxy start --cert=${path}`), []);
  }
});

for (const [what, row] of Object.entries(rows))
  openssl.test(`row ${what}: ${row.code}`, async (t) => {
    const found = await look(row.plant(workshop(t)), row);
    t.true(
      found.some(({ code }) => code === row.code),
      JSON.stringify(found),
    );
    for (const each of found) {
      t.truthy(each.next, each.what);
      t.truthy(whyOf(each));
    }
  });
