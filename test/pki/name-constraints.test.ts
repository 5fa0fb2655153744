import { writeFileSync } from 'node:fs';
import test from 'ava';
import { createAuthority, type PkiError, parseSubtree, type Subtree } from '#pki';
import { judge } from '../judges.js';
import { ask, freshFolder } from './setting.js';
import { leaf, workshop } from './workshop.js';

const openssl = judge('openssl');
const subtrees = (...texts: readonly string[]): Subtree[] => texts.flatMap((text) => parseSubtree(text) ?? []);
const permitted = subtrees('m1', 'localhost', 'store.example', '127.0.0.0/8', '10.1.0.0/17', '::1', '2001:db8::/33');

const allowed = [
  'm1',
  'localhost',
  'store.example',
  'a.b.store.example',
  '127.1.2.3',
  '10.1.127.9',
  '::1',
  '2001:db8:7fff::1',
];
const outside = ['m2', 'evilstore.example', 'example', '10.1.128.1', '10.2.0.1', '::2', '2001:db8:8000::1'];

async function constrained(folder: string, root?: { readonly commonName: string; readonly days: number }) {
  const common = { folder, commonName: 'Test CA', keyType: 'ecdsa-p256', days: 100, now: new Date() } as const;
  return createAuthority({ ...common, permitted, root });
}

const request = { profile: 'server', commonName: 'm1', days: 30, keyType: 'ecdsa-p256' } as const;

openssl.test(
  'openssl reads the constraints as they were meant, critical, and takes what is issued below them',
  async (t) => {
    const folder = await freshFolder(t);
    const authority = await constrained(`${folder}/pki`);
    const text = await ask('openssl', 'x509', '-in', `${folder}/pki/ca.crt`, '-noout', '-text');
    t.regex(text, /Name Constraints: critical\s+Permitted:\s+DNS:m1\s/);
    t.regex(text, /IP:10\.1\.0\.0\/255\.255\.128\.0/);
    t.regex(text, /IP:2001:DB8:0:0:0:0:0:0\/FFFF:FFFF:8000:0:0:0:0:0/);
    const issued = [
      await authority.issue({ ...request, names: allowed, now: new Date() }),
      await authority.issue({ ...request, profile: 'client', commonName: 'ann', names: [], now: new Date() }),
      await authority.issue({
        ...request,
        profile: 'client',
        commonName: 'zoë@x.y',
        names: ['a@b.example'],
        now: new Date(),
      }),
    ];
    for (const [index, { chainPem }] of issued.entries()) {
      const path = `${folder}/${index}.crt`;
      writeFileSync(path, chainPem);
      t.regex(await ask('openssl', 'verify', '-x509_strict', '-CAfile', `${folder}/pki/ca.crt`, path), /: OK/);
    }
    await authority.close();
  },
);

openssl.test('what is refused to be issued is what openssl would refuse', async (t) => {
  const { make, path } = await workshop(t);
  const authority = await constrained(path('pki'));
  const issuer = { certificate: path('pki/ca.crt'), key: path('pki/ca.key') };
  for (const [index, name] of [...outside, ...allowed].entries()) {
    const kind = /:|^[\d.]+$/.test(name) ? 'IP' : 'DNS';
    const piece = make(`leaf${index}`, { issuer, extensions: [...leaf.slice(0, 3), `subjectAltName=${kind}:${name}`] });
    const verdict = await ask('openssl', 'verify', '-CAfile', issuer.certificate, piece.certificate);
    t.is(/permitted subtree violation/.test(verdict), outside.includes(name), `${name}: ${verdict}`);
  }
  const refused = authority.issue({ ...request, names: [...outside, ...allowed], now: new Date() });
  const error = await t.throwsAsync<PkiError>(refused, { code: 'request-refused' });
  t.is(((error?.details.refusals ?? []) as unknown[]).length, outside.length, error?.message);
  for (const commonName of ['ann.smith', 'a-b.c_d', 'ann.store.example', '-a.b', 'a..b', 'a.b@c']) {
    const piece = make('user', { issuer, subject: `/CN=${commonName}`, extensions: leaf.slice(0, 2) });
    const verdict = await ask('openssl', 'verify', '-CAfile', issuer.certificate, piece.certificate);
    const attempt = authority.issue({ ...request, profile: 'client', commonName, names: [], now: new Date() });
    const ours = await attempt.then(
      () => true,
      () => false,
    );
    t.is(ours, /: OK/.test(verdict), `${commonName}: ${verdict}`);
  }
  await authority.close();
});

openssl.test('below a root the intermediate is what is kept to names', async (t) => {
  const folder = await freshFolder(t);
  const authority = await constrained(`${folder}/pki`, { commonName: 'Root', days: 100 });
  const text = (file: string) => ask('openssl', 'x509', '-in', `${folder}/pki/${file}`, '-noout', '-text');
  t.regex(await text('ca.crt'), /Name Constraints: critical/);
  t.notRegex(await text('root.crt'), /Name Constraints/);
  await t.throwsAsync(authority.issue({ ...request, names: ['m2'], now: new Date() }), { code: 'request-refused' });
  await authority.close();
});

test('what is neither a domain nor a network is no subtree', (t) => {
  for (const text of [
    '',
    '*.example',
    'a b',
    'example/8',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'a@b.c',
    'https://x',
  ]) {
    t.is(parseSubtree(text), undefined, text);
  }
  t.deepEqual(parseSubtree('M1.Example'), { kind: 'dns', value: 'm1.example' });
  t.deepEqual(parseSubtree('0:0::1'), { kind: 'ip', value: '::1/128' });
});
