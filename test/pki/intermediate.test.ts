import { X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import {
  type Authority,
  authorityState,
  changePassphrase,
  createAuthority,
  inspectKeyPair,
  mismatches,
  observeKeyPair,
  openAuthority,
  type PkiError,
  writeKeyPair,
} from '#pki';
import { judge } from '../judges.js';
import { ask, freshFolder, later, now } from './setting.js';

const root = { commonName: 'Test root CA', days: 3650 };
const request = {
  profile: 'server',
  commonName: 'm1',
  names: ['m1.example'],
  days: 365,
  keyType: 'ecdsa-p256',
  now,
} as const;

async function made(t: ExecutionContext, at: Date = now): Promise<{ folder: string; authority: Authority }> {
  const folder = `${await freshFolder(t)}/pki`;
  const options = { folder, commonName: 'Test CA', keyType: 'ecdsa-p256', days: 1825, now: at, root } as const;
  return { folder, authority: await createAuthority(options) };
}

/** m1.crt and m1.key, and the root beside them: what a member has. */
async function placed(t: ExecutionContext, at: Date = now) {
  const { folder, authority } = await made(t, at);
  const path = (name: string): string => `${folder}/../${name}`;
  const paths = { certificate: path('m1.crt'), key: path('m1.key') };
  await writeKeyPair(paths, await authority.issue({ ...request, now: at }));
  await writeFile(path('root.crt'), authority.issuers[0]?.pem ?? '');
  return { folder, authority, paths, ca: path('root.crt') };
}

judge('openssl', 'certtool').test(
  'openssl and certtool go from a leaf by its intermediate to the root, and its list is current',
  async (t) => {
    // certtool judges by its own clock.
    const { folder, paths, ca } = await placed(t, new Date());
    const openssl = ['verify', '-x509_strict', '-CAfile', ca];
    const chained = [...openssl, '-untrusted', paths.certificate];
    t.regex(await ask('openssl', ...chained, paths.certificate), /: OK/);
    t.regex(await ask('openssl', ...chained, '-crl_check', '-CRLfile', `${folder}/ca.crl`, paths.certificate), /: OK/);
    t.regex(await ask('openssl', ...openssl, paths.certificate), /unable to get local issuer certificate/);
    const bundle = `${folder}/../bundle.pem`;
    await writeFile(bundle, (await readFile(paths.certificate, 'utf8')) + (await readFile(ca, 'utf8')));
    t.regex(await ask('certtool', '--verify-chain', '--infile', bundle), /Chain verification output: Verified/);
  },
);

test('the intermediate signs leaves only, and the root one level of them', async (t) => {
  const { authority, folder } = await made(t);
  const [above] = authority.issuers;
  const extensions = await ask('openssl', 'x509', '-in', `${folder}/ca.crt`, '-noout', '-text');
  t.regex(extensions, /CA:TRUE, pathlen:0[\s\S]*Certificate Sign, CRL Sign/);
  t.deepEqual([authority.certificate.commonName, above?.commonName], ['Test CA', 'Test root CA']);
  t.true(new X509Certificate(authority.certificate.pem).checkIssued(new X509Certificate(above?.pem ?? '')));
  t.deepEqual(
    [...(await openAuthority(folder)).ledger.select({ now, order: 'subject' })].map(({ profile }) => profile),
    ['intermediate', 'root'],
  );
});

test('an intermediate does not outlive its root', async (t) => {
  const folder = `${await freshFolder(t)}/pki`;
  const short = { commonName: 'Test root CA', days: 30 };
  const options = { folder, commonName: 'Test CA', keyType: 'ecdsa-p256', days: 1825, now, root: short } as const;
  const { certificate } = await createAuthority(options);
  t.is(certificate.notAfter.getTime(), later(30).getTime());
});

test("the root's key is not needed to issue, and goes under the passphrase with the other where it is", async (t) => {
  const { folder } = await made(t);
  await changePassphrase({ folder, next: 'first words' });
  for (const name of ['ca.key', 'root.key']) t.regex(await readFile(`${folder}/${name}`, 'utf8'), /BEGIN ENCRYPTED/);
  // As after a run that ended between the two keys.
  const first = await readFile(`${folder}/ca.key`);
  await changePassphrase({ folder, current: 'first words', next: 'second words' });
  await writeFile(`${folder}/ca.key`, first);
  await changePassphrase({ folder, current: 'first words', next: 'second words' });
  await rename(`${folder}/root.key`, `${folder}/../root.key`);
  t.is((await authorityState(folder)).state, 'whole');
  t.is((await (await openAuthority(folder, 'second words')).issue(request)).notes.length, 0);
});

test('a pair without what stands above it, or with something else there, is issued again', async (t) => {
  const { authority, paths, ca } = await placed(t);
  t.deepEqual(mismatches(await observeKeyPair(paths), request, authority, now), []);
  const [leaf = ''] = (await readFile(paths.certificate, 'utf8')).split(/(?<=END CERTIFICATE-----\n)/);
  for (const behind of ['', await readFile(ca, 'utf8')]) {
    await writeFile(paths.certificate, leaf + behind);
    t.deepEqual(mismatches(await observeKeyPair(paths), request, authority, now), [
      { about: 'chain', reason: 'what stands behind it is not what leads to the root' },
    ]);
    const codes = (await inspectKeyPair({ ...paths, ca, now })).map(({ code }) => code);
    t.true(codes.includes('chain-incomplete') || codes.includes('wrong-authority'), codes.join());
  }
});

test('a pair is inspected by way of its intermediate, whose end is told too', async (t) => {
  const { paths, ca } = await placed(t);
  t.deepEqual(
    (await inspectKeyPair({ ...paths, ca, now })).map(({ code }) => code),
    ['valid'],
  );
  const codes = (await inspectKeyPair({ ...paths, ca, now: later(1826) })).map(({ code }) => code);
  t.deepEqual(codes, ['expired', 'authority-expired']);
});

test('an authority without its root, or with a strange one, is broken', async (t) => {
  const { folder, authority } = await made(t);
  const other = await made(t);
  for (const behind of ['', other.authority.issuers[0]?.pem ?? '']) {
    await writeFile(`${folder}/ca.crt`, authority.certificate.pem + behind);
    const error = await t.throwsAsync<PkiError>(openAuthority(folder), { code: 'authority-broken' });
    t.regex(error?.message ?? '', /ca\.crt does not lead to a root: Test root CA signed it/);
  }
});
