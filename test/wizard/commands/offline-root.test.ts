import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from '../../judges.js';
import { authority, ec, workshop } from '../../pki/workshop.js';
import { quorate, start } from './quorate.js';

const openssl = judge('openssl');
const plan = `version: 1
cluster: { name: demo, run: systemd }
members: [{ name: m1, host: 10.0.0.1 }]
`;
const words = { QUORATE_CA_PASSPHRASE: 'correct horse' };

openssl.test('apply makes a request, says what it waits for, and goes on once the certificate is there', async (t) => {
  const { make, path } = await workshop(t);
  const root = make('root', { extensions: authority, key: ec });
  const dir = path('quorate');
  const run = (...args: string[]) => quorate([...args, '--dir', dir], '', words);
  const waits = /error: the authority in .* waits for its certificate\nhint: have its root sign .*\/pki\/ca\.csr as an/;
  const answers = `${plan}pki: { authority: offline-root }\n`;
  const init = await quorate(['init', '--answers', '-', '--yes', '--dir', dir], answers, words);
  t.is(init.code, 1);
  t.regex(init.stderr, waits);
  const key = readFileSync(join(dir, 'pki/ca.key'), 'utf8');
  t.regex(key, /BEGIN ENCRYPTED/);
  const planned = await run('plan');
  t.is(planned.code, 2);
  t.regex(
    planned.stdout,
    /^create +pki +the key and the request of the authority demo CA \(its root has to sign ca\.csr\)\n/,
  );
  for (const args of [['apply'], ['cert', 'issue', 'client', 'ci']]) {
    const again = await run(...args);
    t.is(again.code, 1);
    t.regex(again.stderr, waits);
  }
  t.is((await run('cert', 'ca-request')).stdout, `${dir}/pki/ca.csr\n`);

  const signed = path('signed.crt');
  const sign = [
    'x509',
    '-req',
    '-in',
    join(dir, 'pki/ca.csr'),
    '-CA',
    root.certificate,
    '-CAkey',
    root.key,
    '-days',
    '400',
  ];
  execFileSync('openssl', [...sign, '-copy_extensions', 'copy', '-out', signed], { stdio: 'ignore' });
  writeFileSync(path('cut.crt'), readFileSync(signed, 'utf8').slice(0, 300));
  for (const [file, message] of [
    [path('cut.crt'), /cut\.crt has a block without its end/],
    [root.certificate, /the key is not that of root/],
    [signed, /does not lead to a root: the certificate of root is not among these/],
  ] as const) {
    const refused = await run('cert', 'ca-install', file);
    t.is(refused.code, 1);
    t.regex(refused.stderr, message);
  }
  const installs = ['one', 'two'].map(() =>
    start(['cert', 'ca-install', signed, '--root', root.certificate, '--dir', dir], '', words),
  );
  const codes = (await Promise.all(installs.map(({ ended }) => ended))).map(({ code }) => code);
  t.deepEqual(codes.toSorted(), [0, 1]);
  const applied = await run('apply');
  t.is(applied.code, 0, applied.stderr);
  t.is(readFileSync(join(dir, 'pki/ca.key'), 'utf8'), key);
  t.is((await run('plan')).code, 0);
  execFileSync('openssl', [...sign, '-copy_extensions', 'copy', '-out', path('renewed.crt')], { stdio: 'ignore' });
  const renewed = await quorate(['cert', 'ca-install', path('renewed.crt'), '--root', root.certificate, '--dir', dir]);
  t.is(renewed.code, 0, renewed.stderr);
  t.regex(
    (await run('plan')).stdout,
    /replace +users\/root\/root\.crt +.* \(what stands behind it is not what leads to/,
  );
  t.is((await run('apply')).code, 0);
  t.is((await run('plan')).code, 0);
  const user = join(dir, 'users/root/root.crt');
  const verify = ['verify', '-x509_strict', '-CAfile', join(dir, 'users/root/ca.crt'), '-untrusted', user, user];
  t.regex(execFileSync('openssl', verify, { encoding: 'utf8' }), /: OK/);
});

openssl.test('an authority is taken over before init, under the passphrase that its key was under', async (t) => {
  const { make, path } = await workshop(t);
  const old = make('old', { extensions: authority, key: ec });
  execFileSync('openssl', [
    'pkcs8',
    '-topk8',
    '-in',
    old.key,
    '-out',
    path('old.p8'),
    '-passout',
    'pass:correct horse',
  ]);
  const dir = path('quorate');
  const args = ['cert', 'ca-import', old.certificate, path('old.p8'), '--dir', dir];
  const locked = await quorate(args);
  t.is(locked.code, 1);
  t.regex(locked.stderr, /old\.p8 is encrypted, and nothing gives its passphrase/);
  t.regex((await quorate(args, '', { QUORATE_CA_PASSPHRASE: 'another one' })).stderr, /does not open .*old\.p8/);
  t.false(existsSync(join(dir, 'pki')));
  const taken = await quorate([...args, '--json'], '', words);
  t.is(taken.code, 0, taken.stderr);
  t.like(JSON.parse(taken.stdout), { commonName: 'old', encrypted: true });
  const init = await quorate(['init', '--answers', '-', '--yes', '--dir', dir], plan, words);
  t.is(init.code, 0, init.stderr);
  const user = join(dir, 'users/root/root.crt');
  t.regex(execFileSync('openssl', ['verify', '-CAfile', old.certificate, user], { encoding: 'utf8' }), /: OK/);
});
