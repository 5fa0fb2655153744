import { createPrivateKey } from 'node:crypto';
import { readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import test from 'ava';
import {
  authorityState,
  changePassphrase,
  createAuthority,
  openAuthority,
  type PkiError,
  passphraseReasons,
} from '#pki';
import { judge } from '../judges.js';
import { ask, freshFolder, now } from './setting.js';

const create = (folder: string, passphrase?: string) =>
  createAuthority({ folder, commonName: 'Test CA', keyType: 'ecdsa-p256', days: 3650, now, passphrase });

const words = 'corréct horse';
/** An authority whose key is under `words`, in a way that is quicker to open than ours. */
async function createQuickly(folder: string): Promise<void> {
  await create(folder);
  const key = createPrivateKey(await readFile(`${folder}/ca.key`));
  const sealed = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: words });
  await writeFile(`${folder}/ca.key`, sealed);
}

const request = { profile: 'client', commonName: 'ann', names: [], days: 1, keyType: 'ecdsa-p256', now } as const;

judge('openssl', 'certtool').test(
  'openssl and certtool open an encrypted key, and find the current way to encrypt one',
  async (t) => {
    const pki = `${await freshFolder(t)}/pki`;
    await create(pki, words);
    const key = `${pki}/ca.key`;
    t.is((await stat(key)).mode & 0o777, 0o600);
    const structure = await ask('openssl', 'asn1parse', '-in', key);
    t.regex(structure, /PBES2[\s\S]*PBKDF2[\s\S]*INTEGER +:0927C0[\s\S]*hmacWithSHA256[\s\S]*aes-256-cbc/);
    const certificateKey = await ask('openssl', 'x509', '-in', `${pki}/ca.crt`, '-noout', '-pubkey');
    t.is(await ask('openssl', 'pkey', '-in', key, '-passin', `pass:${words}`, '-pubout'), certificateKey);
    t.regex(await ask('openssl', 'pkey', '-in', key, '-passin', 'pass:another'), /bad decrypt/);
    t.regex(
      await ask('certtool', '-k', '--pkcs8', '--infile', key, '--password', words),
      /Public Key Info:[\s\S]*EC\/ECDSA/,
    );
  },
);

judge('openssl').test('keys that openssl encrypted are opened, with scrypt and in its old form too', async (t) => {
  const pki = `${await freshFolder(t)}/pki`;
  await create(pki);
  const key = `${pki}/ca.key`;
  await rename(key, `${pki}/plain`);
  for (const args of [
    ['pkcs8', '-topk8', '-scrypt'],
    ['pkcs8', '-topk8', '-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1'],
    ['ec', '-aes256'],
  ]) {
    await ask('openssl', ...args, '-in', `${pki}/plain`, '-out', key, '-passout', `pass:${words}`);
    await t.throwsAsync(openAuthority(pki), { code: 'passphrase-needed' });
    t.is((await (await openAuthority(pki, words)).issue(request)).notes.length, 0, args.join(' '));
  }
});

test('without the passphrase, or with a wrong one, nothing is opened, and the authority can still be looked at', async (t) => {
  const pki = `${await freshFolder(t)}/pki`;
  await createQuickly(pki);
  const needed = await t.throwsAsync<PkiError>(openAuthority(pki), { code: 'passphrase-needed' });
  t.regex(needed?.hint ?? '', /--ca-passphrase-fd N .* QUORATE_CA_PASSPHRASE/);
  for (const wrong of ['', 'correct horse', `${words} `]) {
    const error = await t.throwsAsync<PkiError>(openAuthority(pki, wrong), { code: 'passphrase-wrong' });
    t.false(error?.message.includes(words));
  }
  t.like(await authorityState(pki), { state: 'whole', keyIsEncrypted: true, certificate: { commonName: 'Test CA' } });
  await t.throwsAsync(create(pki, words), { code: 'authority-exists' });
});

test('an encrypted key that was cut off or changed is damaged, and not a matter of the passphrase', async (t) => {
  const pki = `${await freshFolder(t)}/pki`;
  await createQuickly(pki);
  const key = `${pki}/ca.key`;
  const whole = await readFile(key, 'utf8');
  const lines = whole.split('\n');
  const cut = [...lines.slice(0, 3), ...lines.slice(-2)].join('\n');
  for (const damaged of [
    whole.slice(0, 200),
    cut,
    whole.replace('MII', 'MIX').replace('MIH', 'MIX'),
    `${whole}${whole}`,
  ]) {
    await writeFile(key, damaged);
    for (const passphrase of [undefined, words]) {
      const error = await t.throwsAsync<PkiError>(openAuthority(pki, passphrase), { code: 'authority-broken' });
      t.regex(error?.message ?? '', /ca\.key (is damaged|has a block|holds 2 blocks)/);
    }
    t.like(await authorityState(pki), { state: 'broken' });
  }
});

test("another authority's key under the same passphrase is refused", async (t) => {
  const folder = await freshFolder(t);
  await createQuickly(`${folder}/a`);
  await createQuickly(`${folder}/b`);
  await rename(`${folder}/b/ca.key`, `${folder}/a/ca.key`);
  await t.throwsAsync(openAuthority(`${folder}/a`, words), {
    code: 'authority-broken',
    message: /not the key of ca\.crt/,
  });
});

test('a passphrase is set, changed and taken off, and the key is the same', async (t) => {
  const folder = `${await freshFolder(t)}/pki`;
  await create(folder);
  const read = async (passphrase?: string) =>
    createPrivateKey({ key: await readFile(`${folder}/ca.key`), passphrase }).export({ type: 'pkcs8', format: 'pem' });
  const before = await read();
  await changePassphrase({ folder, next: words });
  t.is(await read(words), before);
  await t.throwsAsync(changePassphrase({ folder, next: 'another one' }), { code: 'passphrase-needed' });
  await t.throwsAsync(changePassphrase({ folder, current: 'wrong words', next: 'x' }), { code: 'passphrase-refused' });
  await t.throwsAsync(changePassphrase({ folder, current: 'wrong words' }), { code: 'passphrase-wrong' });
  t.is(await read(words), before);
  await changePassphrase({ folder, current: words });
  t.is(await read(), before);
  t.is((await stat(`${folder}/ca.key`)).mode & 0o777, 0o600);
  t.deepEqual((await readdir(folder)).sort(), [
    'ca.crl',
    'ca.crl.der',
    'ca.crt',
    'ca.key',
    'ledger.mdb',
    'ledger.mdb-lock',
  ]);
});

test('a key behind a symbolic link is left alone: the one that it leads to would stay in clear', async (t) => {
  const folder = await freshFolder(t);
  await create(`${folder}/pki`);
  await rename(`${folder}/pki/ca.key`, `${folder}/elsewhere`);
  await symlink('../elsewhere', `${folder}/pki/ca.key`);
  const before = await readFile(`${folder}/elsewhere`, 'utf8');
  const change = changePassphrase({ folder: `${folder}/pki`, next: words });
  await t.throwsAsync(change, { code: 'file-exists', message: /is a symbolic link/ });
  t.is(await readFile(`${folder}/elsewhere`, 'utf8'), before);
});

test('every reason against a passphrase is given at once', (t) => {
  t.deepEqual(passphraseReasons('zehn Äpfel'), []);
  t.is(passphraseReasons('a\nb').length, 2);
  t.is(passphraseReasons('é'.repeat(513)).length, 1);
});
