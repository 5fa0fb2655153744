import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { access, readdir, writeFile } from 'node:fs/promises';
import test from 'ava';
import {
  authorityState,
  importAuthority,
  installAuthority,
  openAuthority,
  type PkiError,
  readCertificates,
  requestAuthority,
} from '#pki';
import { judge } from '../judges.js';
import { ask, freshFolder } from './setting.js';
import { authority, ec, type Piece, type Wanted, workshop } from './workshop.js';

const openssl = judge('openssl');
const reasonsOf = (error: PkiError | undefined): readonly string[] => (error?.details.reasons ?? []) as string[];
const keyOf = ({ key }: Piece) => createPrivateKey(readFileSync(key));
const chainOf = async (...paths: readonly string[]) => {
  const [first, ...rest] = (await Promise.all(paths.map(readCertificates))).flat();
  if (first === undefined) throw new Error('no certificate');
  return [first, ...rest] as const;
};
const request = { profile: 'client', commonName: 'ann', names: [], days: 30, keyType: 'ecdsa-p256' } as const;
const [basic, usage] = authority;

openssl.test("an authority of openssl's is taken over with its key, and what it signs is its own", async (t) => {
  const { make, path } = await workshop(t);
  const subject = '/C=DE/O=Zoë & Söhne/OU=a/CN=Old CA';
  const old = make('old', { extensions: authority, subject, key: ['rsa:2048'], more: ['-set_serial', '7'] });
  const folder = path('pki');
  const certificates = await chainOf(old.certificate);
  const notes = await importAuthority({
    folder,
    certificates,
    key: keyOf(old),
    passphrase: 'correct horse',
    now: new Date(),
  });
  t.regex(notes.join(), /revocation list begins anew/);
  const opened = await openAuthority(folder, 'correct horse');
  writeFileSync(path('ann.crt'), (await opened.issue({ ...request, now: new Date() })).chainPem);
  await opened.close();
  const verify = ['verify', '-x509_strict', '-CAfile', old.certificate, '-crl_check', '-CRLfile', path('pki/ca.crl')];
  t.regex(await ask('openssl', ...verify, path('ann.crt')), /: OK/);
  await t.throwsAsync(importAuthority({ folder, certificates, key: keyOf(old), now: new Date() }), {
    code: 'authority-exists',
  });
});

openssl.test('an intermediate is taken over with what stands above it, in whatever order it comes', async (t) => {
  const { make, path } = await workshop(t);
  const root = make('root', { extensions: authority });
  const upper = make('upper', { issuer: root, extensions: authority });
  const lower = make('lower', { issuer: upper, extensions: authority });
  const folder = path('pki');
  const certificates = await chainOf(lower.certificate, root.certificate, upper.certificate);
  await importAuthority({ folder, certificates, key: keyOf(lower), now: new Date() });
  const opened = await openAuthority(folder);
  t.deepEqual(
    opened.issuers.map(({ commonName }) => commonName),
    ['upper', 'root'],
  );
  const { chainPem } = await opened.issue({ ...request, now: new Date() });
  await opened.close();
  t.is(chainPem.split('BEGIN CERTIFICATE').length - 1, 3);
  writeFileSync(path('ann.crt'), chainPem);
  const verify = ['verify', '-x509_strict', '-CAfile', root.certificate, '-untrusted', path('ann.crt')];
  t.regex(await ask('openssl', ...verify, path('ann.crt')), /: OK/);
});

/** What is asked of openssl -> why it is not taken over. */
const refused: Readonly<Record<string, readonly [Wanted, reasons: readonly RegExp[]]>> = {
  'a leaf': [
    { extensions: ['basicConstraints=critical,CA:FALSE', 'keyUsage=digitalSignature'] },
    [/not an authority/, /keyCertSign/, /cRLSign/, /does not lead to a root/],
  ],
  'one without a key usage': [{ extensions: [basic] }, [/it has no key usage/]],
  'one that signs no lists': [
    { extensions: [basic, 'keyUsage=critical,keyCertSign'] },
    [/may not sign revocation lists/],
  ],
  'one for servers only': [
    { extensions: [basic, usage, 'extendedKeyUsage=serverAuth'] },
    [/no room for serverAuth and/],
  ],
  'one with a critical extension of its own': [
    { extensions: [basic, usage, '1.2.3.4=critical,ASN1:NULL'] },
    [/critical extension that nobody here knows: 1\.2\.3\.4/],
  ],
  'a weak key': [{ extensions: authority, key: ['rsa:1024'] }, [/a key of type rsa 1024 is not certified/]],
  'a curve that etcd does not know': [
    { extensions: authority, key: ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'] },
    [/a key of type ec secp256k1 is not certified/],
  ],
};

openssl.test('what would make every certificate worthless is refused, with all of its reasons', async (t) => {
  const { make, path } = await workshop(t);
  for (const [what, [wanted, reasons]] of Object.entries(refused)) {
    const piece = make('ca', wanted);
    const attempt = importAuthority({
      folder: path('pki'),
      certificates: await chainOf(piece.certificate),
      key: keyOf(piece),
      now: new Date(),
    });
    const error = await t.throwsAsync<PkiError>(attempt, { code: 'authority-refused' }, what);
    for (const reason of reasons) t.regex(error?.message ?? '', reason);
    t.is(reasonsOf(error).length, reasons.length, error?.message);
  }
  t.false(readdirSync(path('.')).includes('pki'));
});

openssl.test(
  'expired, not valid yet, of another key, under a root that allows none or is not there: refused',
  async (t) => {
    const { make, path } = await workshop(t);
    const root = make('root', { extensions: ['basicConstraints=critical,CA:TRUE,pathlen:0', usage] });
    const below = make('below', { issuer: root, extensions: authority });
    const folder = path('pki');
    const later = (days: number): Date => new Date(Date.now() + days * 86_400_000);
    const whole = await chainOf(below.certificate, root.certificate);
    for (const [certificates, piece, at, reasons] of [
      [whole, below, new Date(), [/root: it allows 0 authorities below itself, and there would be 1/]],
      [whole, root, later(500), [/the key is not that of below/, /below: it expired/, /root: it expired/, /allows 0/]],
      [whole, below, later(-1), [/below: it is not valid before/, /root: it is not valid before/, /allows 0/]],
      [
        await chainOf(below.certificate),
        below,
        new Date(),
        [/does not lead to a root: the certificate of root is not among these/],
      ],
    ] as const) {
      const attempt = importAuthority({ folder, certificates, key: keyOf(piece), now: at });
      const error = await t.throwsAsync<PkiError>(attempt, { code: 'authority-refused' });
      t.is(reasonsOf(error).length, reasons.length, error?.message);
      for (const reason of reasons) t.regex(error?.message ?? '', reason);
    }
  },
);

openssl.test(
  'a request is signed by a root elsewhere, and the authority waits until its certificate is there',
  async (t) => {
    const { make, path } = await workshop(t);
    const root = make('root', { extensions: authority, key: ec });
    const folder = path('pki');
    const csr = await requestAuthority({ folder, commonName: 'Test CA', keyType: 'ecdsa-p384' });
    t.like(await authorityState(folder), { state: 'waiting' });
    await t.throwsAsync(openAuthority(folder), { code: 'authority-waiting' });
    await t.throwsAsync(requestAuthority({ folder, commonName: 'Test CA', keyType: 'ecdsa-p384' }), {
      code: 'authority-waiting',
    });
    const text = await ask('openssl', 'req', '-in', csr, '-noout', '-text', '-verify');
    t.regex(text, /verify OK/);
    t.regex(text, /CA:TRUE, pathlen:0\s+X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign/);

    const signed = path('signed.crt');
    const sign = [
      'x509',
      '-req',
      '-in',
      csr,
      '-CA',
      root.certificate,
      '-CAkey',
      root.key,
      '-days',
      '300',
      '-out',
      signed,
    ];
    await ask('openssl', ...sign, '-copy_extensions', 'copy');
    const strange = make('strange', { issuer: root, extensions: authority });
    const wrong = installAuthority({
      folder,
      certificates: await chainOf(strange.certificate, root.certificate),
      now: new Date(),
    });
    await t.throwsAsync(wrong, { code: 'authority-refused', message: /the key is not that of strange/ });
    t.deepEqual((await readdir(folder)).sort(), ['ca.csr', 'ca.key']);

    // What a run leaves that was stopped in the middle.
    await writeFile(`${folder}/ledger.mdb`, 'half');
    const certificates = await chainOf(signed, root.certificate);
    t.deepEqual(await installAuthority({ folder, certificates, now: new Date() }), []);
    await t.throwsAsync(installAuthority({ folder, certificates, now: new Date() }), { code: 'authority-exists' });
    const opened = await openAuthority(folder);
    writeFileSync(path('ann.crt'), (await opened.issue({ ...request, now: new Date() })).chainPem);
    await opened.close();
    const verify = ['verify', '-x509_strict', '-CAfile', root.certificate, '-untrusted', path('ann.crt')];
    t.regex(await ask('openssl', ...verify, '-crl_check', '-CRLfile', `${folder}/ca.crl`, path('ann.crt')), /: OK/);
  },
);

openssl.test('a request whose key was exchanged takes no certificate', async (t) => {
  const { make, path } = await workshop(t);
  const folder = path('pki');
  const root = make('root', { extensions: authority });
  const csr = await requestAuthority({ folder, commonName: 'Test CA', keyType: 'ecdsa-p256' });
  const signed = path('signed.crt');
  const sign = ['x509', '-req', '-in', csr, '-CA', root.certificate, '-CAkey', root.key, '-out', signed];
  await ask('openssl', ...sign, '-copy_extensions', 'copy');
  await writeFile(`${folder}/ca.key`, readFileSync(root.key));
  const certificates = await chainOf(signed, root.certificate);
  await t.throwsAsync(installAuthority({ folder, certificates, now: new Date() }), {
    message: /the key is not that of Test CA/,
  });
  await t.throwsAsync(access(`${folder}/ca.crt`));
});

openssl.test(
  'another certificate of the same key, subject and root renews what signs, and nothing else does',
  async (t) => {
    const { make, path } = await workshop(t);
    const [root, other] = [make('root', { extensions: authority }), make('other', { extensions: authority })];
    const folder = path('pki');
    const csr = await requestAuthority({
      folder,
      commonName: 'Test CA',
      keyType: 'ecdsa-p256',
      passphrase: 'long enough',
    });
    const sign = async (name: string, issuer: Piece, ...more: readonly string[]) => {
      const by = ['-CA', issuer.certificate, '-CAkey', issuer.key, '-copy_extensions', 'copy', '-out', path(name)];
      await ask('openssl', 'x509', '-req', '-in', csr, ...by, ...more);
      return chainOf(path(name), issuer.certificate);
    };
    const first = await sign('first.crt', root, '-days', '100');
    await installAuthority({ folder, certificates: first, passphrase: 'long enough', now: new Date() });
    for (const [certificates, reason] of [
      [await sign('strange.crt', other), /its root is another one/],
      [await sign('renamed.crt', root, '-subj', '/CN=Test CA 2'), /its subject is another one/],
      [await chainOf(root.certificate), /the key is not that of root/],
    ] as const) {
      await t.throwsAsync(installAuthority({ folder, certificates, now: new Date() }), {
        code: 'authority-refused',
        message: reason,
      });
    }
    const renewed = await sign('renewed.crt', root, '-days', '300');
    t.deepEqual(await installAuthority({ folder, certificates: renewed, now: new Date() }), []);
    const opened = await openAuthority(folder, 'long enough');
    t.is(opened.certificate.fingerprint, renewed[0].fingerprint);
    t.is(
      [...opened.ledger.select({ now: new Date(), order: 'issue' })].filter(({ profile }) => profile === 'intermediate')
        .length,
      2,
    );
    await opened.close();
  },
);

test('there is nothing to install where nothing was asked for', async (t) => {
  const folder = `${await freshFolder(t)}/pki`;
  const setting = await freshFolder(t);
  const { createAuthority } = await import('#pki');
  const made = await createAuthority({
    folder: `${setting}/pki`,
    commonName: 'Test CA',
    keyType: 'ecdsa-p256',
    days: 30,
    now: new Date(),
  });
  await made.close();
  const certificates = await chainOf(`${setting}/pki/ca.crt`);
  await t.throwsAsync(installAuthority({ folder, certificates, now: new Date() }), { code: 'authority-absent' });
  await t.throwsAsync(installAuthority({ folder: `${setting}/pki`, certificates, now: new Date() }), {
    code: 'authority-exists',
  });
});
