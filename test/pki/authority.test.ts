import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { authorityState, createAuthority, openAuthority, type PkiError } from '#pki';
import { bench, freshFolder, now } from './setting.js';

const create = (folder: string) =>
  createAuthority({ folder, commonName: 'Test CA', keyType: 'ecdsa-p256', days: 3650, now });

test('an authority is a private folder with a private key, and public certificate and revocation list', async (t) => {
  const { folder, path } = await bench(t);
  t.deepEqual(await readdir(folder), ['pki']);
  const modes: Record<string, string> = {};
  for (const name of ['', ...(await readdir(path('pki')))]) {
    modes[name] = ((await stat(join(path('pki'), name))).mode & 0o777).toString(8);
  }
  t.deepEqual(modes, {
    '': '700',
    'ca.crl': '644',
    'ca.crl.der': '644',
    'ca.crt': '644',
    'ca.key': '600',
    'ledger.mdb': '600',
    'ledger.mdb-lock': '600',
  });
});

test('an authority that is opened again goes on where it stopped', async (t) => {
  const { path, issue, authority } = await bench(t);
  const issued = await issue();
  const again = await openAuthority(path('pki'));
  t.deepEqual(again.ledger.find(issued.serial), authority.ledger.find(issued.serial));
  t.deepEqual(again.certificate, authority.certificate);
  const next = await again.issue({ profile: 'client', commonName: 'app', names: [], days: 1, keyType: 'ed25519', now });
  t.not(next.serial, issued.serial);
  t.deepEqual(
    [...(await openAuthority(path('pki'))).ledger.select({ now, order: 'subject' })].map(({ subject }) => subject),
    ['Test CA', 'app', 'm1'],
  );
});

test('two that have the same authority open lose none of their ledger lines', async (t) => {
  const { path, issue } = await bench(t);
  const other = await openAuthority(path('pki'));
  const request = { profile: 'client', names: [], days: 1, keyType: 'ecdsa-p256', now } as const;
  const both = Array.from({ length: 10 }, (_, n) => [
    issue({ commonName: `a${n}` }),
    other.issue({ ...request, commonName: `b${n}` }),
  ]);
  await Promise.all(both.flat());
  t.is((await openAuthority(path('pki'))).ledger.size, 21);
});

test('a missing or empty folder holds no authority, and opening it says how to make one', async (t) => {
  const folder = await freshFolder(t);
  for (const path of [folder, join(folder, 'missing')]) {
    t.deepEqual(await authorityState(path), { state: 'absent' });
    const error = await t.throwsAsync<PkiError>(openAuthority(path), { code: 'authority-absent' });
    t.regex(error?.hint ?? '', /quorate init/);
  }
});

test('an authority is made in a folder that is there and empty, whatever its mode was', async (t) => {
  const folder = join(await freshFolder(t), 'pki');
  await mkdir(folder, { mode: 0o755 });
  await create(folder);
  t.is((await stat(folder)).mode & 0o777, 0o700);
});

test('an authority is never made over another one', async (t) => {
  const { path } = await bench(t);
  const before = await readFile(path('pki/ca.key'), 'utf8');
  await t.throwsAsync(create(path('pki')), { code: 'authority-exists', message: /holds the authority Test CA/ });
  t.is(await readFile(path('pki/ca.key'), 'utf8'), before);
});

test('an authority is not made among other files, and leaves them alone', async (t) => {
  const folder = await freshFolder(t);
  await writeFile(join(folder, 'notes.txt'), 'mine');
  await t.throwsAsync(create(folder), { code: 'file-exists', message: /the folder is not empty/ });
  t.deepEqual(await readdir(folder), ['notes.txt']);
});

test('of two that make the same authority at once one wins, and it is whole', async (t) => {
  const folder = join(await freshFolder(t), 'pki');
  const results = await Promise.allSettled([create(folder), create(folder), create(folder)]);
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 1);
  t.is((await authorityState(folder)).state, 'whole');
  t.deepEqual(await readdir(join(folder, '..')), ['pki']);
});

test('a root with a bad name and bad days is refused with both reasons, and nothing is written', async (t) => {
  const folder = await freshFolder(t);
  const options = { folder: join(folder, 'pki'), commonName: 'a\nb', keyType: 'ecdsa-p256', days: 0, now } as const;
  await t.throwsAsync(createAuthority(options), { code: 'request-refused', message: /commonName: .*; days: / });
  t.deepEqual(await readdir(folder), []);
});

const broken = test.macro<[string, (pki: string) => Promise<unknown>, RegExp]>({
  title: (_, what) => `an authority with ${what} is refused with what, where and the next step`,
  async exec(t, _, damage, message) {
    const { path } = await bench(t);
    await damage(path('pki'));
    const error = await t.throwsAsync<PkiError>(openAuthority(path('pki')), { code: 'authority-broken', message });
    t.true(error?.message.includes(path('pki')));
    t.regex(error?.hint ?? '', /restore .* from a backup/);
    t.deepEqual((await authorityState(path('pki'))).state, 'broken');
    const before = await readdir(path('pki'));
    await t.throwsAsync(create(path('pki')), { code: 'authority-broken' });
    t.deepEqual(await readdir(path('pki')), before);
  },
});

test(broken, 'no key', (pki) => rm(join(pki, 'ca.key')), /holds ca\.crt and ledger\.mdb but no ca\.key/);
test(broken, 'no certificate', (pki) => rm(join(pki, 'ca.crt')), /holds ca\.key and ledger\.mdb but no ca\.crt/);
test(broken, 'no ledger', (pki) => rm(join(pki, 'ledger.mdb')), /holds ca\.crt and ca\.key but no ledger\.mdb/);
test(broken, 'an empty key', (pki) => writeFile(join(pki, 'ca.key'), ''), /ca\.key holds no private key/);
test(
  broken,
  'an empty certificate',
  (pki) => writeFile(join(pki, 'ca.crt'), ''),
  /ca\.crt (holds no certificate|is empty)/,
);
test(
  broken,
  'the key of another',
  async (pki) => {
    await create(join(pki, '..', 'other'));
    await copyFile(join(pki, '..', 'other', 'ca.key'), join(pki, 'ca.key'));
  },
  /ca\.key is not the key of ca\.crt/,
);
test(
  broken,
  "a member's certificate for its own",
  async (pki) => {
    const request = { profile: 'client', commonName: 'm1', names: [], days: 1, keyType: 'ecdsa-p256', now } as const;
    const issued = await (await openAuthority(pki)).issue(request);
    await writeFile(join(pki, 'ca.crt'), issued.certificatePem);
    await writeFile(join(pki, 'ca.key'), issued.keyPem);
  },
  /ca\.crt is not an authority's certificate/,
);
