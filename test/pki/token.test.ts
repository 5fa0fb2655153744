import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import test, { type ImplementationFn } from 'ava';
import {
  changePassphrase,
  createAuthority,
  importAuthority,
  openAuthority,
  openAuthorityKey,
  type PkiError,
  readCertificates,
  requestAuthority,
  tokenUriReasons,
} from '#pki';
import { ask, freshFolder } from './setting.js';
import { canSpeak, makeToken, modulePath, softhsm, type Token } from './softhsm.js';
import { authority, workshop } from './workshop.js';

let made: Token | undefined;
/** One for all of them: SoftHSM looks for tokens when it is loaded. */
const theToken = (): Token => {
  made ??= makeToken();
  return made;
};
function judged(title: string, work: ImplementationFn<[]>): void {
  if (canSpeak) softhsm.serial(title, work);
  else test.skip(title, work);
}

for (const keyType of ['ecdsa-p256', 'ecdsa-p384', 'rsa-3072'] as const) {
  judged(`an authority whose key of type ${keyType} was made on a token signs what openssl takes`, async (t) => {
    const token = theToken();
    const folder = await freshFolder(t);
    const [pki, uri] = [`${folder}/pki`, token.uri(keyType)];
    const access = { uri, pin: token.pin };
    const common = { folder: pki, commonName: 'Test CA', keyType, days: 100, now: new Date() } as const;
    const created = await createAuthority({ ...common, token: access });
    await created.close();
    t.is(readFileSync(`${pki}/ca.key`, 'utf8'), `${uri}\n`);
    await t.throwsAsync(openAuthority(pki), { code: 'passphrase-needed', message: /the PIN of the token my token/ });
    const opened = await openAuthority(pki, token.pin);
    const request = { profile: 'client', commonName: 'ann', names: [], days: 1, keyType: 'ecdsa-p256' } as const;
    const issued = await Promise.all([1, 2, 3].map(() => opened.issue({ ...request, now: new Date() })));
    await opened.close();
    for (const { chainPem } of issued) {
      writeFileSync(`${folder}/ann.crt`, chainPem);
      const verify = ['verify', '-x509_strict', '-CAfile', `${pki}/ca.crt`, '-crl_check', '-CRLfile', `${pki}/ca.crl`];
      t.regex(await ask('openssl', ...verify, `${folder}/ann.crt`), /: OK/);
    }
    t.deepEqual(
      readdirSync(pki).filter((name) => readFileSync(`${pki}/${name}`).includes('PRIVATE KEY')),
      [],
    );
    // The key that is there is used, and no other one is made.
    const again = await createAuthority({ ...common, folder: `${folder}/again`, token: access });
    t.is(await publicKeyOf(`${folder}/again/ca.crt`), await publicKeyOf(`${pki}/ca.crt`));
    await again.close();
  });
}

const publicKeyOf = (certificate: string) => ask('openssl', 'x509', '-in', certificate, '-noout', '-pubkey');

judged('an authority whose key is on a token already is taken over, and one with another key is not', async (t) => {
  const token = theToken();
  const { make, path } = await workshop(t);
  const old = make('old', { extensions: authority });
  execFileSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', old.key, '-out', path('old.p8')]);
  token.load(path('old.p8'), 'old', '0a');
  const key = await openAuthorityKey(token.uri('old'), 'it', token.pin);
  const certificates = await readCertificates(old.certificate);
  await importAuthority({ folder: path('pki'), certificates, key, now: new Date() });
  t.is(readFileSync(path('pki/ca.key'), 'utf8'), `${token.uri('old')}\n`);
  const opened = await openAuthority(path('pki'), token.pin);
  await opened.close();
  const other = await readCertificates(make('other', { extensions: authority }).certificate);
  const wrong = importAuthority({ folder: path('wrong'), certificates: other, key, now: new Date() });
  await t.throwsAsync(wrong, { code: 'authority-refused', message: /the key is not that of other/ });
  if ('close' in key) key.close();
  writeFileSync(path('pki/ca.crt'), readFileSync(path('other.crt')));
  await t.throwsAsync(openAuthority(path('pki'), token.pin), {
    code: 'authority-broken',
    message: /not the key of ca\.crt/,
  });
});

judged('a request for an offline root is signed on the token', async (t) => {
  const token = theToken();
  const folder = `${await freshFolder(t)}/pki`;
  const access = { uri: token.uri('below'), pin: token.pin };
  const csr = await requestAuthority({ folder, commonName: 'Test CA', keyType: 'ecdsa-p256', token: access });
  t.regex(await ask('openssl', 'req', '-in', csr, '-noout', '-verify'), /verify OK/);
});

judged('a wrong PIN, another token, an absent key and a library that is none: each says what it is', async (t) => {
  const token = theToken();
  const folder = await freshFolder(t);
  for (const [uri, pin, code, message] of [
    [token.uri('ecdsa-p256'), 'pin 4712', 'passphrase-wrong', /the PIN does not open the token my token/],
    [token.uri('ecdsa-p256'), '', 'passphrase-wrong', /the PIN does not open/],
    [token.uri('nothing'), token.pin, 'token-failed', /there is no private key nothing on the token my token/],
    [token.uri('x').replace('my%20token', 'yours'), token.pin, 'token-failed', /the token yours is not there/],
    [
      `pkcs11:token=a;object=b?module-path=${folder}/none.so`,
      token.pin,
      'token-failed',
      /none\.so is no PKCS#11 library/,
    ],
    [
      'pkcs11:token=a',
      token.pin,
      'token-refused',
      /names no key: it says of no key .*; it has no absolute module-path/,
    ],
  ] as const) {
    const error = await t.throwsAsync<PkiError>(openAuthorityKey(uri, 'it', pin), { code, message });
    t.false(error?.message.includes(token.pin));
  }
  const pki = `${folder}/pki`;
  const access = { uri: token.uri('kept'), pin: token.pin };
  const common = { commonName: 'Test CA', keyType: 'ecdsa-p256', days: 100, now: new Date() } as const;
  await (await createAuthority({ ...common, folder: pki, token: access })).close();
  const change = changePassphrase({ folder: pki, current: token.pin, next: 'long enough' });
  await t.throwsAsync(change, { code: 'token-refused', message: /the key is on a token/ });
});

test('a URI that names no one key, or holds a PIN, is refused with every reason', (t) => {
  const whole = `pkcs11:token=a;object=b?module-path=${modulePath}`;
  t.deepEqual(tokenUriReasons(whole), []);
  t.deepEqual(tokenUriReasons(`pkcs11:serial=a;id=%01%fF;type=private?module-path=${modulePath}`), []);
  for (const [text, ...reasons] of [
    ['softhsm', /does not begin with pkcs11:/],
    ['pkcs11:', /no token/, /no key/, /module-path/],
    [`${whole}&pin-value=1234`, /pin-value: a PIN has no place in it/],
    [`${whole}&pin-source=file:/x`, /pin-source: a PIN has no place in it/],
    ['pkcs11:token=a;object=b?module-path=libsofthsm2.so', /absolute module-path/],
    ['pkcs11:token=a;object=b;type=public?module-path=/x', /not private/],
    ['pkcs11:token=%zz;object=b?module-path=/x', /are no octets/],
    ['pkcs11:token;object=b?module-path=/x', /has no value/],
    ['pkcs11:token=a;object=b;slot-id=7?module-path=/x', /slot-id is not read here/],
  ] as const) {
    const found = tokenUriReasons(text);
    t.is(found.length, reasons.length, `${text}: ${found.join('; ')}`);
    for (const [index, reason] of reasons.entries()) t.regex(found[index] ?? '', reason);
  }
});
