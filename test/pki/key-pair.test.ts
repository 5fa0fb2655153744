import { lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type Mismatch,
  mismatches,
  observeKeyPair,
  type PkiError,
  type Request,
  replaceKeyPair,
  writeKeyPair,
} from '#pki';
import { bench, freshFolder, later, memberNames, now } from './setting.js';

const pathsIn = (folder: string) => ({ certificate: join(folder, 'm1', 'm1.crt'), key: join(folder, 'm1', 'm1.key') });
const wanted = { profile: 'server', commonName: 'm1', names: memberNames } as const;

/** A bench with a key pair in place. */
async function placed(t: ExecutionContext) {
  const setting = await bench(t);
  const paths = pathsIn(setting.folder);
  const issued = await setting.issue();
  await writeKeyPair(paths, issued);
  return { ...setting, paths, issued };
}

test('a key is private in a private folder, its certificate is public', async (t) => {
  const { paths, issued } = await placed(t);
  t.is((await stat(dirname(paths.key))).mode & 0o777, 0o700);
  t.is((await stat(paths.key)).mode & 0o777, 0o600);
  t.is((await stat(paths.certificate)).mode & 0o777, 0o644);
  t.is(await readFile(paths.key, 'utf8'), issued.keyPem);
  t.is(await readFile(paths.certificate, 'utf8'), issued.chainPem);
  t.deepEqual(await readdir(dirname(paths.key)), ['m1.crt', 'm1.key']);
});

test('another key is never overwritten, and its certificate stays as it was', async (t) => {
  const { paths, issued, issue } = await placed(t);
  const error = await t.throwsAsync<PkiError>(writeKeyPair(paths, await issue()), { code: 'file-exists' });
  t.true(error?.message.includes(paths.key));
  t.is(await readFile(paths.key, 'utf8'), issued.keyPem);
  t.is(await readFile(paths.certificate, 'utf8'), issued.chainPem);
});

test('a certificate is renewed under the key that is there', async (t) => {
  const { paths, issued, issue } = await placed(t);
  const renewed = await issue({ keyPem: issued.keyPem, now: later(300) });
  await writeKeyPair(paths, renewed);
  t.is(await readFile(paths.key, 'utf8'), issued.keyPem);
  t.is(await readFile(paths.certificate, 'utf8'), renewed.chainPem);
});

test('of many that write a key to the same place one wins, and the pair is a pair', async (t) => {
  const { folder, issue } = await bench(t);
  const paths = pathsIn(folder);
  const issued = await Promise.all(Array.from({ length: 8 }, () => issue()));
  const results = await Promise.allSettled(issued.map((pair) => writeKeyPair(paths, pair)));
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 1);
  t.is((await observeKeyPair(paths)).key, 'matches');
});

for (const kind of ['existing', 'missing'] as const) {
  test(`a key is not written through a symbolic link to a file that is ${kind}`, async (t) => {
    const { folder, issue } = await bench(t);
    const paths = pathsIn(folder);
    const target = join(folder, 'target');
    if (kind === 'existing') await writeFile(target, 'precious');
    await mkdir(dirname(paths.key));
    await symlink(target, paths.key);
    const code = kind === 'existing' ? 'key-unreadable' : 'file-missing';
    await t.throwsAsync(writeKeyPair(paths, await issue()), { code });
    t.true((await lstat(paths.key)).isSymbolicLink());
    t.deepEqual(await readdir(dirname(paths.key)), ['m1.key']);
    if (kind === 'existing') t.is(await readFile(target, 'utf8'), 'precious');
    else await t.throwsAsync(stat(target));
  });
}

test('a new pair takes the place of symbolic links, and what those led to stays', async (t) => {
  const { folder, issue } = await bench(t);
  const paths = pathsIn(folder);
  await mkdir(dirname(paths.key));
  for (const [name, path] of Object.entries(paths)) {
    await writeFile(join(folder, name), 'precious');
    await symlink(join(folder, name), path);
  }
  await replaceKeyPair(paths, await issue());
  for (const [name, path] of Object.entries(paths)) {
    t.true((await lstat(path)).isFile());
    t.is(await readFile(join(folder, name), 'utf8'), 'precious');
  }
  t.is((await stat(paths.key)).mode & 0o777, 0o600);
});

test('a certificate takes the place of a symbolic link, and what that led to stays', async (t) => {
  const { folder, issue } = await bench(t);
  const paths = pathsIn(folder);
  await writeFile(join(folder, 'target'), 'precious');
  await mkdir(dirname(paths.key));
  await symlink(join(folder, 'target'), paths.certificate);
  await writeKeyPair(paths, await issue());
  t.true((await lstat(paths.certificate)).isFile());
  t.is(await readFile(join(folder, 'target'), 'utf8'), 'precious');
});

test('what is there is told apart: nothing, a certificate, a key, a pair, and two that do not belong together', async (t) => {
  const { paths, issue, authority } = await placed(t);
  const whole = await observeKeyPair(paths);
  t.is(whole.key, 'matches');
  t.is(whole.certificate?.commonName, 'm1');
  await writeFile(paths.certificate, (await issue()).certificatePem);
  t.is((await observeKeyPair(paths)).key, 'differs');
  await rm(paths.certificate);
  t.deepEqual(await observeKeyPair(paths), { certificate: undefined, key: 'alone' });
  await rm(paths.key);
  t.deepEqual(await observeKeyPair(paths), { certificate: undefined, key: 'absent' });
  await writeFile(paths.certificate, authority.certificate.pem);
  const { certificate, key } = await observeKeyPair(paths);
  t.is(key, 'absent');
  t.is(certificate?.isAuthority, true);
});

test('a file that is no certificate, or no key, is an error with its path', async (t) => {
  const { paths } = await placed(t);
  await writeFile(paths.key, 'garbage');
  await t.throwsAsync(observeKeyPair(paths), { code: 'key-unreadable', message: /m1\.key holds no private key/ });
  await writeFile(paths.certificate, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  await t.throwsAsync(observeKeyPair(paths), {
    code: 'certificate-unreadable',
    message: /m1\.crt holds no certificate/,
  });
});

test('a pair as it was issued is what is wanted, in whatever order and spelling the names are', async (t) => {
  const { paths, authority } = await placed(t);
  const names = ['M1.example.', '0:0::1', ...memberNames.toReversed()];
  t.deepEqual(mismatches(await observeKeyPair(paths), { ...wanted, names }, authority, now), []);
});

const mismatch = test.macro<[string, Partial<Request>, readonly Mismatch[], Date?]>({
  title: (_, what) => `a pair is issued again for ${what}`,
  async exec(t, _, change, expected, at = now) {
    const { paths, authority } = await placed(t);
    t.deepEqual(mismatches(await observeKeyPair(paths), { ...wanted, ...change }, authority, at), expected);
  },
});

test(mismatch, 'another common name', { commonName: 'm2' }, [{ about: 'commonName', reason: 'it is m1, not m2' }]);
test(mismatch, 'an organization', { organization: 'Demo' }, [
  { about: 'organization', reason: 'it has none, not Demo' },
]);
test(mismatch, 'a new name', { names: [...memberNames, '10.0.0.2'] }, [
  { about: 'names', reason: '10.0.0.2 is missing' },
]);
test(mismatch, 'a name less', { names: memberNames.slice(1) }, [
  { about: 'names', reason: 'localhost is no longer wanted' },
]);
test(mismatch, 'another use', { profile: 'client' }, [
  { about: 'usages', reason: 'a client certificate is for clientAuth' },
]);
test(
  mismatch,
  'its end',
  {},
  [{ about: 'validity', reason: 'it expired at 2031-06-15T12:00:00.000Z' }],
  new Date('2031-06-15T12:00:00Z'),
);
test(
  mismatch,
  'a beginning that has not come',
  {},
  [{ about: 'validity', reason: 'it is not valid before 2030-06-15T11:55:00.000Z' }],
  new Date('2030-06-15T11:54:59Z'),
);

test('a pair is issued again when another authority of the same name signed it, or a part is missing', async (t) => {
  const { paths } = await placed(t);
  const { authority } = await bench(t);
  const pair = await observeKeyPair(paths);
  t.deepEqual(mismatches(pair, wanted, authority, now), [{ about: 'authority', reason: 'Test CA did not sign it' }]);
  const nothing = await observeKeyPair(pathsIn(await freshFolder(t)));
  t.deepEqual(mismatches(nothing, wanted, authority, now), [
    { about: 'key', reason: 'there is no key' },
    { about: 'certificate', reason: 'there is no certificate' },
  ]);
});

test('hostile common names and names of every kind are recognised again', async (t) => {
  const { folder, authority, issue } = await bench(t);
  const names = ['ops@example.com', 'spiffe://demo/a,b"c', 'https://m1.example/x?a=b,DNS:evil', 'm1.example'];
  for (const commonName of ['m1, CN=root', 'a+b=c', '"quoted" \\ #', '#0c04726f6f74', 'Zoë 株式会社 😀', 'a\\0Ab']) {
    const paths = pathsIn(join(folder, Buffer.from(commonName).toString('hex')));
    const request = { profile: 'client', commonName, organization: commonName, names } as const;
    await writeKeyPair(paths, await issue(request));
    t.deepEqual(mismatches(await observeKeyPair(paths), request, authority, now), [], commonName);
  }
});
