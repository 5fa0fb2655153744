import { execFileSync } from 'node:child_process';
import { chmod, rm, writeFile } from 'node:fs/promises';
import test from 'ava';
import { type Finding, inspectKeyPair, readCertificate } from '#pki';
import { judge } from '../judges.js';
import { type Bench, bench, later, now } from './setting.js';

const openssl = judge('openssl');

test('a good pair has one finding: the days that it has left', async (t) => {
  const { ca, write } = await bench(t);
  const { certificate, key } = await write('server');
  t.deepEqual(await inspectKeyPair({ certificate, key, ca, now }), [
    { code: 'valid', severity: 'info', message: 'valid for 365 more days', path: certificate, daysLeft: 365 },
  ]);
});

interface Paths {
  readonly certificate: string;
  readonly key: string;
}

const finding = test.macro<
  [string, (paths: Paths, setting: Bench) => Promise<unknown>, readonly Finding['code'][], Date?]
>({
  title: (_, what) => `${what} is found, with a hint`,
  async exec(t, _, damage, codes, at = now) {
    const setting = await bench(t);
    const { certificate, key } = await setting.write('server');
    await damage({ certificate, key }, setting);
    const findings = await inspectKeyPair({ certificate, key, ca: setting.ca, now: at });
    t.deepEqual(
      findings.map(({ code }) => code),
      codes,
    );
    for (const { hint, path } of findings) t.true(hint !== undefined && path !== '');
  },
});
const untouched = async (): Promise<void> => {};

test(finding, 'a certificate that expired', untouched, ['expired'], later(365));
test(finding, 'a certificate that expires in 29 days', untouched, ['expires-soon'], later(336));
test(finding, 'a clock that is behind', untouched, ['not-yet-valid'], later(-1));
test(finding, 'an authority that expired', untouched, ['expired', 'authority-expired'], later(3650));
test(finding, 'a missing certificate', ({ certificate }) => rm(certificate), ['certificate-missing']);
test(finding, 'a missing key', ({ key }) => rm(key), ['key-missing']);
test(finding, 'a key that others may read', ({ key }) => chmod(key, 0o640), ['key-exposed']);
test(finding, 'a missing authority', (_, { ca }) => rm(ca), ['authority-unreadable']);
test(finding, 'a broken certificate', ({ certificate }) => writeFile(certificate, 'x'), ['certificate-unreadable']);
test(finding, 'a broken key', ({ key }) => writeFile(key, 'x'), ['key-unreadable']);
test(finding, 'the key of another certificate', async ({ key }, { issue }) => writeFile(key, (await issue()).keyPem), [
  'key-mismatch',
]);

test('a certificate of another authority with the same name is found', async (t) => {
  const [ours, theirs] = [await bench(t), await bench(t)];
  const { certificate, key } = await ours.write('server');
  const [found, ...rest] = await inspectKeyPair({ certificate, key, ca: theirs.ca, now });
  t.is(found?.code, 'wrong-authority');
  t.deepEqual(rest, []);
});

openssl.test(
  'the usual tutorial certificate, without names and usages, is read and its faults are found',
  async (t) => {
    const { ca, path } = await bench(t);
    const [certificate, key] = [path('tutorial.crt'), path('tutorial.key')];
    const request = 'req -x509 -newkey rsa:2048 -nodes -days 10 -subj /CN=m1 -addext extendedKeyUsage=serverAuth';
    execFileSync('openssl', [...request.split(' '), '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    await chmod(key, 0o600);
    const findings = await inspectKeyPair({ certificate, key, ca, now: new Date() });
    t.deepEqual(
      findings.map(({ code }) => code),
      ['no-names', 'wrong-authority'],
    );
  },
);

openssl.test('names of kinds that we do not issue are read too, and are no reason to stumble', async (t) => {
  const { path } = await bench(t);
  const names = 'DNS:m1.example,DNS:*.com,IP:::1,otherName:1.2.3.4;UTF8:a,RID:1.2.3.4,URI:http://a/%22x,email:a@b.c';
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 10 -subj /CN=m1';
  const out = ['-addext', `subjectAltName=${names}`, '-keyout', path('k'), '-out', path('c')];
  execFileSync('openssl', [...request.split(' '), ...out], { stdio: 'ignore' });
  const certificate = await readCertificate(path('c'));
  t.deepEqual(
    certificate.names.map(({ value }) => value),
    ['m1.example', '::1', 'http://a/%22x', 'a@b.c'],
  );
  t.deepEqual(
    certificate.otherNames.map((name) => name.split(':')[0]),
    ['DNS', 'othername', 'Registered ID'],
  );
});
