import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { judge } from '../../judges.js';
import { temporaryFolder } from '../apply/folder.js';
import { type Ended, main, quorate } from '../commands/quorate.js';

const plan = `version: 1
cluster: { name: demo, engine: etcd, run: systemd }
members: [{ name: m1, host: 10.0.0.1 }]
access: { users: [{ name: ops, roles: [root] }] }
`;

let made = '';

test.before(async (t) => {
  made = mkdtempSync(join(tmpdir(), 'quorate-test-'));
  writeFileSync(join(made, 'quorate.yaml'), plan);
  const applied = await quorate(['apply', '--dir', made]);
  t.is(applied.code, 0, applied.stderr);
  await quorate(['cert', 'issue', 'server', 'lb', '--san', 'lb.example', '--dir', made]);
});

test.after.always(() => rmSync(made, { recursive: true, force: true }));

interface Setting {
  readonly at: (...path: readonly string[]) => string;
  readonly verify: (...args: readonly string[]) => Promise<Ended>;
}

function setting(t: ExecutionContext): Setting {
  const dir = join(temporaryFolder(t), 'quorate');
  cpSync(made, dir, { recursive: true });
  return {
    at: (...path) => join(dir, ...path),
    verify: (...args) => quorate(['cert', 'verify', ...args, '--dir', dir]),
  };
}

interface Found {
  readonly code: string;
  readonly severity: string;
  readonly path: string;
  readonly why: string;
  readonly next?: string;
}

const found = ({ stdout }: Ended): Found[] =>
  JSON.parse(stdout).verified.flatMap(({ findings }: { findings: Found[] }) =>
    findings.filter(({ code }) => code !== 'valid'),
  );

/** In the order in which a person would take them: apply stops at what is damaged or weak, so it comes last. */
const nextsOf = (all: readonly Found[]): string[] =>
  [...new Set(all.map(({ next = '' }) => next))].sort(
    (one, other) => Number(/^quorate apply/.test(one)) - Number(/^quorate apply/.test(other)),
  );

/** As a person would, in a shell. */
function follow(next: string): void {
  const script = `quorate() { ${JSON.stringify(process.execPath)} ${JSON.stringify(main)} "$@"; }\n${next}`;
  execFileSync('sh', ['-c', script], { stdio: 'pipe' });
}

test('what apply and cert issue have made is in order, each with the days that it has left', async (t) => {
  const { at, verify } = setting(t);
  const { code, stdout, stderr } = await verify();
  t.is(code, 0, stdout + stderr);
  t.regex(stderr, /^8 looked at: 0 errors, 0 warnings\n$/);
  t.true(
    stdout.includes(
      `ok ${at('members/m1/etc/quorate/peer.crt')}: the peer certificate of m1: valid for 364 more days\n`,
    ),
  );
  t.true(stdout.includes(`ok ${at('issued/server/lb.crt')}: the server certificate of lb: valid for`));
  t.true(stdout.includes(`ok ${at('pki/ca.crl.der')}: the revocation list\n`));
});

test('everything that is wrong in DIR is said at once, and what is next mends it', async (t) => {
  const { at, verify } = setting(t);
  const etc = (name: string): string => at('members/m1/etc/quorate', name);
  // A user's certificate in place of the server's, a key that others read, a broken file, another authority, a damaged list.
  cpSync(at('users/ops/ops.crt'), etc('server.crt'));
  chmodSync(at('users/ops/ops.key'), 0o644);
  writeFileSync(at('users/root/root.crt'), 'x');
  writeFileSync(at('pki/ca.crl'), '');
  rmSync(at('issued/server/lb.key'));
  const ended = await verify('--json');
  t.is(ended.code, 1);
  const all = found(ended);
  const said = all.map(({ code, path }) => `${path.split('/').at(-1)} ${code}`).sort();
  t.deepEqual(said, [
    'ca.crl list-unreadable',
    'ops.key key-exposed',
    'root.crt certificate-unreadable',
    'server.crt names-missing',
    'server.crt wrong-name',
    'server.crt wrong-usage',
    'server.key key-mismatch',
  ]);
  for (const { why, next } of all) t.true(why !== '' && next !== undefined && next !== '');
  const nexts = nextsOf(all).filter((next) => !next.startsWith('make it again'));
  for (const next of nexts) follow(next);
  const after = found(await verify('--json'));
  t.deepEqual(
    after.map(({ code }) => code),
    ['list-unreadable'],
  );
});

test('a path of the plan is held to the plan, a path from elsewhere to what is beside it', async (t) => {
  const { at, verify } = setting(t);
  cpSync(at('members/m1/etc/quorate/peer.crt'), at('members/m1/etc/quorate/server.crt'));
  const own = await verify(at('members/m1/etc/quorate/server.crt'), '--json');
  t.deepEqual(
    found(own).map(({ code }) => code),
    ['name-forbidden', 'names-surplus', 'key-mismatch'],
  );
  const folder = join(temporaryFolder(t), 'elsewhere');
  mkdirSync(folder);
  for (const name of ['ca.crt', 'ops.crt', 'ops.key']) cpSync(at('users/ops', name), join(folder, name));
  cpSync(at('pki/ca.crl'), join(folder, 'ca.crl'));
  const fine = await quorate(['cert', 'verify', folder, '--dir', join(folder, 'none'), '--ca', join(folder, 'ca.crt')]);
  t.is(fine.code, 0, fine.stdout);
  t.regex(fine.stderr, /^3 looked at: 0 errors, 0 warnings\n/);
  chmodSync(join(folder, 'ops.key'), 0o604);
  const warned = ['cert', 'verify', folder, '--dir', join(folder, 'none'), '--ca', join(folder, 'ca.crt')];
  t.is((await quorate(warned)).code, 0);
  t.is((await quorate([...warned, '--strict'])).code, 1);
});

test('files that are none, and places where nothing is, are findings and no stumbling', async (t) => {
  const { at, verify } = setting(t);
  const bad = (name: string, content: string | Buffer): string => {
    writeFileSync(at(name), content);
    return at(name);
  };
  const pem = readFileSync(at('users/ops/ops.crt'), 'utf8');
  const paths = [
    bad('empty.crt', ''),
    bad('cut.crt', pem.slice(0, 300)),
    bad('wide.crt', Buffer.from(pem, 'utf16le')),
    bad('key.crt', readFileSync(at('users/ops/ops.key'))),
    at('nothing.crt'),
  ];
  const ended = await verify(...paths, '--json');
  t.is(ended.code, 1);
  t.deepEqual(
    found(ended).map(({ code }) => code),
    [...Array<string>(4).fill('certificate-unreadable'), 'certificate-missing'],
  );
});

judge('openssl').test(
  "what was signed with the authority's key elsewhere is not in the ledger, and is found",
  async (t) => {
    const { at, verify } = setting(t);
    const [csr, certificate] = [at('x.csr'), at('issued/server/x.crt')];
    const made = [
      '-new',
      '-newkey',
      'ed25519',
      '-nodes',
      '-subj',
      '/CN=x',
      '-keyout',
      at('issued/server/x.key'),
      '-out',
      csr,
    ];
    const options = { stdio: 'ignore' } as const;
    execFileSync(
      'openssl',
      ['req', ...made, '-addext', 'extendedKeyUsage=serverAuth,clientAuth', '-addext', 'subjectAltName=DNS:x'],
      options,
    );
    const signed = ['-CA', at('pki/ca.crt'), '-CAkey', at('pki/ca.key'), '-copy_extensions', 'copy', '-days', '300'];
    execFileSync('openssl', ['x509', '-req', '-in', csr, ...signed, '-out', certificate], options);
    const all = found(await verify('--json'));
    t.deepEqual(
      all.map(({ code, path }) => [code, path]),
      [['not-in-ledger', certificate]],
    );
  },
);

test('under a root that signs an intermediate, everything is in order too', async (t) => {
  const dir = join(temporaryFolder(t), 'quorate');
  mkdirSync(dir);
  writeFileSync(join(dir, 'quorate.yaml'), `${plan}pki: { authority: intermediate }\n`);
  t.is((await quorate(['apply', '--dir', dir])).code, 0);
  const { code, stdout, stderr } = await quorate(['cert', 'verify', '--dir', dir]);
  t.is(code, 0, stdout);
  t.regex(stderr, /7 looked at: 0 errors, 0 warnings/);
  const served = join(dir, 'members/m1/etc/quorate/server.crt');
  writeFileSync(served, readFileSync(served, 'utf8').replace(/(-----END CERTIFICATE-----\n)[\s\S]*/, '$1'));
  t.deepEqual(
    found(await quorate(['cert', 'verify', served, '--json', '--dir', dir])).map((each) => each.code),
    ['chain-incomplete'],
  );
  const again = await quorate(['apply', '--dir', dir]);
  t.is(again.code, 0, again.stderr);
  t.is((await quorate(['cert', 'verify', '--dir', dir])).code, 0);
});

judge('openssl').test('revoked, weak, without usages, outdated: what is next mends each of them', async (t) => {
  const { at, verify } = setting(t);
  const list = at('members/m1/etc/quorate-crl/ca.crl.der');
  const old = readFileSync(list);
  const revoked = await quorate(['cert', 'revoke', 'ops', '--yes', '--dir', at()]);
  t.is(revoked.code, 0, revoked.stderr);
  writeFileSync(list, old);
  // Signed by the authority all the same, as somebody with openssl does it.
  const etc = (name: string): string => at('members/m1/etc/quorate', name);
  const options = { stdio: 'ignore' } as const;
  const made = [
    '-new',
    '-newkey',
    'rsa:1024',
    '-nodes',
    '-subj',
    '/CN=m1',
    '-keyout',
    etc('server.key'),
    '-out',
    at('x.csr'),
  ];
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1,DNS:m1,IP:10.0.0.1';
  execFileSync('openssl', ['req', ...made, '-addext', names], options);
  const signer = ['-CA', at('pki/ca.crt'), '-CAkey', at('pki/ca.key'), '-copy_extensions', 'copy', '-days', '300'];
  execFileSync('openssl', ['x509', '-req', '-in', at('x.csr'), ...signer, '-out', etc('server.crt')], options);
  const all = found(await verify('--json'));
  t.deepEqual(
    all.map(({ code, path }) => `${path.split('/').at(-1)} ${code}`),
    [
      'ca.crl.der list-stale',
      'server.crt not-in-ledger',
      'server.crt no-usages',
      'server.crt weak-key',
      'ops.crt revoked',
    ],
  );
  for (const next of nextsOf(all)) follow(next);
  const after = await verify();
  t.is(after.code, 0, after.stdout);
});

test('an authority with the key of another, and a root key that others read, are found', async (t) => {
  const { at, verify } = setting(t);
  cpSync(at('users/ops/ops.key'), at('pki/root.key'));
  chmodSync(at('pki/root.key'), 0o640);
  cpSync(at('users/ops/ops.key'), at('pki/ca.key'));
  const all = found(await verify('--json'));
  t.deepEqual(
    all.map(({ code, path }) => [code, path]),
    [
      ['authority-unreadable', at('pki/ca.crt')],
      ['key-exposed', at('pki/root.key')],
    ],
  );
});
