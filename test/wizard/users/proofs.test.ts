import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { filesBelow, temporaryFolder } from '../apply/folder.js';
import { quorate } from '../commands/quorate.js';
import { appliedCluster } from '../run/cluster.js';

// Whose key it is: compared when access is given, shown again when it is renewed.

const request = (folder: string, name: string, ...more: readonly string[]) =>
  quorate(['user', 'request', name, '--out', folder, '--json', ...more]);

test('a renewal may ask for a request that the old key signed now, and takes no other', async (t) => {
  const [cluster, own, other] = [await appliedCluster(t), temporaryFolder(t), temporaryFolder(t)];
  await Promise.all([request(own, 'ann'), request(other, 'ann'), request(other, 'bob')]);
  const approved = await cluster.run(['user', 'approve', join(own, 'ann.csr'), '--role', 'writer', '--yes']);
  t.is(approved.code, 0, approved.stderr);
  const certificate = () => new X509Certificate(readFileSync(cluster.at('users/ann/ann.crt')));
  const before = certificate();

  rmSync(join(own, 'ann.csr'));
  const key = join(own, 'ann.key');
  const asked = await quorate(['user', 'request', 'ann', '--out', own, '--key', key]);
  t.is(asked.code, 0, asked.stderr);
  t.regex(asked.stderr, /they type: quorate user renew ann --request ann\.csr\n/);
  t.deepEqual(filesBelow(own), ['ann.csr', 'ann.key']);
  const renewed = await cluster.run(['user', 'renew', 'ann', '--request', join(own, 'ann.csr')]);
  t.is(renewed.code, 0, renewed.stderr);
  t.not(certificate().serialNumber, before.serialNumber);
  t.true(certificate().publicKey.equals(before.publicKey));

  const { serialNumber } = certificate();
  for (const [file, said] of [
    ['ann.csr', /is signed by another key \([0-9a-f ]{24}\) than the one that ann has a certificate for/],
    ['bob.csr', /bob\.csr is not ann's/],
    ['ann.key', /holds a private key, not a certificate request/],
  ] as const) {
    const refused = await cluster.run(['user', 'renew', 'ann', '--request', join(other, file)]);
    t.is(refused.code, 1);
    t.regex(refused.stderr, said);
  }
  t.is(certificate().serialNumber, serialNumber);
  t.is((await cluster.run(['plan', '--offline'])).code, 0);
});

test('a request is made under a key that is there, and nothing else is done with it', async (t) => {
  const folder = temporaryFolder(t);
  await request(folder, 'ann');
  const key = join(folder, 'ann.key');
  for (const [out, more, code, said] of [
    [folder, ['--key', key], 1, /ann\.csr is there already/],
    [folder, ['--key', key, '--key-type', 'ed25519'], 2, /--key or --key-type/],
    [temporaryFolder(t), ['--key', join(folder, 'nothing')], 1, /nothing/],
    [temporaryFolder(t), ['--key', join(folder, 'ann.csr')], 1, /ann\.csr holds no private key/],
  ] as const) {
    const ended = await quorate(['user', 'request', 'ann', '--out', out, ...more]);
    t.is(ended.code, code, ended.stderr);
    t.regex(ended.stderr, said);
  }
  t.deepEqual(filesBelow(folder), ['ann.csr', 'ann.key']);
});

test('a request that was put in the place of another is not approved by a fingerprint that was told', async (t) => {
  const [cluster, own, evil] = [await appliedCluster(t), temporaryFolder(t), temporaryFolder(t)];
  const told = JSON.parse((await request(own, 'ann')).stdout) as { spoken: string; fingerprint: string };
  await request(evil, 'ann');
  const onItsWay = join(temporaryFolder(t), 'ann.csr');
  copyFileSync(join(evil, 'ann.csr'), onItsWay);
  const before = filesBelow(cluster.dir);
  const approve = (file: string, fingerprint: string) =>
    cluster.run(['user', 'approve', file, '--role', 'writer', '--fingerprint', fingerprint]);
  for (const fingerprint of [told.spoken, told.fingerprint, '', told.spoken.slice(0, 4)]) {
    const swapped = await approve(onItsWay, fingerprint);
    t.is(swapped.code, 1, swapped.stderr);
    t.regex(swapped.stderr, /the key of .*ann\.csr is [0-9a-f ]{24}, and not "/);
  }
  t.deepEqual(filesBelow(cluster.dir), before);
  const approved = await approve(join(own, 'ann.csr'), told.spoken.toUpperCase().replaceAll(' ', ''));
  t.is(approved.code, 0, approved.stderr);
  const again = await approve(join(own, 'ann.csr'), told.fingerprint);
  t.is(again.code, 0, again.stderr);
});
