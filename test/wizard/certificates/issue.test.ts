import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { judge } from '../../judges.js';
import { filesBelow, serialsIn, temporaryFolder } from '../apply/folder.js';
import { type Ended, quorate } from '../commands/quorate.js';

const openssl = judge('openssl');

const plan = `version: 1
cluster: { name: demo, engine: etcd, run: systemd }
members: [{ name: m1, host: 10.0.0.1 }]
access: { users: [{ name: ops, roles: [root] }] }
`;

interface Setting {
  readonly dir: string;
  readonly issue: (...args: readonly string[]) => Promise<Ended>;
  readonly ledger: () => Promise<readonly string[]>;
}

async function setting(t: ExecutionContext, more = ''): Promise<Setting> {
  const dir = join(temporaryFolder(t), 'quorate');
  mkdirSync(dir);
  writeFileSync(join(dir, 'quorate.yaml'), plan + more);
  const made = await quorate(['apply', '--dir', dir]);
  t.is(made.code, 0, made.stderr);
  return {
    dir,
    issue: (...args) => quorate(['cert', 'issue', ...args, '--dir', dir]),
    ledger: () => serialsIn(dir),
  };
}

test('a certificate is issued with what the plan says of the member, its key for its owner only, and never twice', async (t) => {
  const { dir, issue, ledger } = await setting(t);
  const { code, stdout, stderr } = await issue('server', 'm1', '--san', 'lb.example', '--days', '30');
  const [certificate, key] = [join(dir, 'issued/server/m1.crt'), join(dir, 'issued/server/m1.key')];
  t.deepEqual([code, stdout], [0, `${certificate}\n${key}\n`], stderr);
  t.is(statSync(key).mode & 0o777, 0o600);
  t.is(statSync(join(dir, 'issued/server')).mode & 0o777, 0o700);
  const issued = new X509Certificate(readFileSync(certificate));
  t.is(
    issued.subjectAltName,
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:m1, IP Address:10.0.0.1, DNS:lb.example',
  );
  const [files, before] = [filesBelow(dir), await ledger()];
  const again = await issue('server', 'm1');
  t.is(again.code, 1);
  t.regex(again.stderr, /m1\.crt is there already, and it is not overwritten\nhint: move it away, or choose another/);
  t.deepEqual([filesBelow(dir), await ledger()], [files, before]);
});

test('--json says what was issued, of the key type and to the folder that were asked for', async (t) => {
  const { dir, issue } = await setting(t);
  const folder = join(dir, '..', 'out');
  const { stdout, stderr } = await issue('client', 'ci', '--json', '--key-type', 'ed25519', '--out', folder);
  const made = JSON.parse(stdout);
  const issued = new X509Certificate(readFileSync(join(folder, 'ci.crt')));
  t.is(issued.publicKey.asymmetricKeyType, 'ed25519', stderr);
  const { profile, commonName, serial, certificate, key } = made;
  t.deepEqual([profile, commonName, serial], ['client', 'ci', issued.serialNumber.toLowerCase()]);
  t.deepEqual([certificate, key], [join(folder, 'ci.crt'), join(folder, 'ci.key')]);
});

openssl.test(
  'the key of a request is certified: no key is written, and names that are not granted are refused',
  async (t) => {
    const { dir, issue, ledger } = await setting(t);
    const [csr, key, folder] = ['app.csr', 'app.key', 'out'].map((name) => join(dir, '..', name)) as [
      string,
      string,
      string,
    ];
    const made = ['req', '-new', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=app', '-keyout', key, '-out', csr];
    execFileSync('openssl', [...made, '-addext', 'subjectAltName=DNS:app.example'], { stdio: 'ignore' });
    const before = await ledger();
    const refused = await issue('client', 'app', '--csr', csr, '--out', folder);
    t.is(refused.code, 1);
    t.regex(refused.stderr, /for client "app" from .*app\.csr: names: "app\.example" of the request is not among/);
    t.regex(refused.stderr, /hint: grant it with --san/);
    t.deepEqual(await ledger(), before);
    const granted = await issue('client', 'app', '--csr', csr, '--out', folder, '--san', 'app.example');
    t.deepEqual([granted.code, granted.stdout], [0, `${join(folder, 'app.crt')}\n`], granted.stderr);
    t.deepEqual(filesBelow(folder), ['app.crt']);
  },
);

for (const [what, lay] of [
  ['a symbolic link to another file', (dir: string, key: string) => symlinkSync(join(dir, 'quorate.yaml'), key)],
  ['a symbolic link to nothing', (dir: string, key: string) => symlinkSync(join(dir, 'nothing'), key)],
  ['a folder', (_: string, key: string) => mkdirSync(key)],
] as const) {
  test(`${what} where the key should go is refused before anything is signed`, async (t) => {
    const { dir, issue, ledger } = await setting(t);
    const folder = join(dir, '..', 'out');
    mkdirSync(folder);
    lay(dir, join(folder, 'app.key'));
    const before = await ledger();
    const { code, stderr } = await issue('client', 'app', '--out', folder);
    t.is(code, 1);
    t.regex(stderr, /app\.key is there already, and it is not overwritten/);
    t.deepEqual(await ledger(), before);
    t.false(existsSync(join(dir, 'nothing')));
    t.is(readFileSync(join(dir, 'quorate.yaml'), 'utf8'), plan);
  });
}

test('a profile of the plan gives what it says, and one without a common name has its host in its names', async (t) => {
  const own = `pki: { profiles: [{ name: batch, usages: [clientAuth], organization: jobs, keyType: ed25519, daysMax: 3 }] }\n`;
  const { dir, issue } = await setting(t, own);
  const issued = async (...args: readonly string[]): Promise<X509Certificate> => {
    const { stdout, stderr } = await issue(...args);
    const [certificate = ''] = stdout.split('\n');
    t.regex(certificate, /\.crt$/, stderr);
    return new X509Certificate(readFileSync(certificate));
  };
  const batch = await issued('batch', 'nightly');
  t.deepEqual([batch.subject, batch.publicKey.asymmetricKeyType], ['O=jobs\nCN=nightly', 'ed25519']);
  t.is((Date.parse(batch.validTo) - Date.parse(batch.validFrom)) / 60_000, 3 * 24 * 60 + 5);
  const long = await issue('batch', 'other', '--days', '4');
  t.deepEqual([long.code, filesBelow(join(dir, 'issued/batch'))], [2, ['nightly.crt', 'nightly.key']]);
  t.regex(long.stderr, /--days: 4 is no whole number from 1 to 3\n/);
  const proxy = await issued('proxy-client', 'proxy1');
  t.deepEqual([proxy.subject, proxy.subjectAltName], [undefined as unknown as string, 'DNS:proxy1']);
  const kubernetes = await issued('apiserver-etcd-client');
  t.is(kubernetes.subject, 'CN=kube-apiserver-etcd-client');
});

/** Command lines behind `cert issue`, and all that is said about them. */
const complaints: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [
    ['clint', 'Root', '--key-type', 'rsa', '--days', 'x'],
    /^error: profile: there is no "clint"; --key-type: there is no "rsa"; --days: x is no whole number from 1 to 3650\nhint: did you mean client\?; one of ecdsa-p256/,
  ],
  [
    ['client', 'ci', '--san', 'Peer.quorate。internal.', '*.quorate.internal'],
    /Peer\.quorate。internal\. makes a peer of whoever has it; \*\.quorate/,
  ],
  [['proxy-client', 'peer.quorate.internal'], /makes a peer of whoever has it/],
  [['client', 'ci', '--days', '1e2'], /--days: 1e2 is no whole number/],
  [['server'], /a member name may not be empty/],
  [['client', 'Root'], /"Root" could be taken for one of the user root\n/],
  [['client', 'ΟΡS'], /mixes letters of several scripts/],
  [['client', 'орѕ'], /"орѕ" could be taken for one of the user ops\n/],
  [['client', 'm1'], /"m1" could be taken for one of the member m1\n/],
  [['server', 'ops', '--san', 'x.example'], /"ops" could be taken for one of the user ops\n/],
  [['server', '../x', '--san', 'x.example'], /"\.\.\/x" can't be a member name/],
  [['client', 'a\tb'], /can't be a user name/],
  [['client', 'ci', '--csr', '/dev/null', '--key-type', 'ed25519'], /--key-type has no say where --csr brings the key/],
];

test('a command line with mistakes is wrong usage, with all of them, and nothing is made', async (t) => {
  const { dir, issue } = await setting(t);
  const files = filesBelow(dir);
  await Promise.all(
    complaints.map(async ([args, said]) => {
      const { code, stdout, stderr } = await issue(...args);
      t.deepEqual([code, stdout], [2, ''], stderr);
      t.regex(stderr, said);
    }),
  );
  t.deepEqual(filesBelow(dir), files);
});

test('a file that is no request is refused by its name, an endless one too', async (t) => {
  const { dir, issue } = await setting(t);
  writeFileSync(join(dir, '..', 'words'), 'Dear administrator');
  for (const [file, said] of [
    ['/dev/zero', /\/dev\/zero has 65537 bytes, and a certificate request at most 65536/],
    ['/nonexistent.csr', /cannot read \/nonexistent\.csr: there is no such file/],
    [join(dir, '..', 'words'), /words holds no certificate request\nhint: in PEM it begins with/],
    [dir, /it is a folder/],
  ] as const) {
    const { code, stderr } = await issue('client', 'app', '--csr', file);
    t.is(code, 1, stderr);
    t.regex(stderr, said);
  }
});
