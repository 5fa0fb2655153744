import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { type KeyType, keyTypes, type PkiError, type Refusal, type Request } from '#pki';
import { newSerial } from '../../pki/serial.js';
import { judge } from '../judges.js';
import { ask, bench, later, memberNames, now } from './setting.js';

const openssl = judge('openssl');
const certtool = judge('certtool');

const atNow = ['-attime', String(now.getTime() / 1000)];

for (const keyType of keyTypes) {
  openssl.test(
    `openssl verifies a chain of ${keyType} strictly, for what each profile is for and nothing else`,
    async (t) => {
      const { ca, write } = await bench(t, keyType);
      const verify = (purpose: string, certificate: string): Promise<string> =>
        ask('openssl', 'verify', '-x509_strict', '-purpose', purpose, ...atNow, '-CAfile', ca, certificate);
      const [server, peer, client] = await Promise.all([
        write('server'),
        write('peer', { profile: 'peer' }),
        write('client', { profile: 'client', commonName: 'app', names: [] }),
      ]);
      for (const { certificate } of [server, peer]) {
        t.is(await verify('sslserver', certificate), `${certificate}: OK\n`);
        t.is(await verify('sslclient', certificate), `${certificate}: OK\n`);
      }
      t.is(await verify('sslclient', client.certificate), `${client.certificate}: OK\n`);
      t.regex(await verify('sslserver', client.certificate), /unsuitable certificate purpose/);
      const key = await ask('openssl', 'pkey', '-in', server.key, '-pubout');
      t.is(key, await ask('openssl', 'x509', '-in', server.certificate, '-pubkey', '-noout'));
    },
  );
}

const usagesPrinted: Readonly<Record<'ecdsa-p256' | 'rsa-2048', string>> = {
  'ecdsa-p256': 'Digital Signature',
  'rsa-2048': 'Digital Signature, Key Encipherment',
};

for (const [keyType, keyUsage] of Object.entries(usagesPrinted)) {
  openssl.test(`openssl reads every field of a ${keyType} server certificate as it was granted`, async (t) => {
    const { write } = await bench(t, keyType as KeyType);
    const { certificate, issued } = await write('server', { organization: 'Demo' });
    const text = await ask('openssl', 'x509', '-in', certificate, '-noout', '-text', '-nameopt', 'RFC2253,utf8');
    t.regex(text, /Version: 3 \(0x2\)/);
    t.regex(text, /Issuer: CN=Test CA\n/);
    t.regex(text, /Subject: CN=m1,O=Demo\n/);
    t.regex(text, /Not Before: Jun 15 11:55:00 2030 GMT/);
    t.regex(text, /Not After : Jun 15 12:00:00 2031 GMT/);
    t.regex(text, /Basic Constraints: critical\n *CA:FALSE\n/);
    t.true(text.includes(`Key Usage: critical\n                ${keyUsage}\n`), text);
    t.regex(text, /Extended Key Usage: *\n *TLS Web Server Authentication, TLS Web Client Authentication\n/);
    t.true(
      text.includes(
        'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:m1.example, IP Address:10.0.0.1\n',
      ),
    );
    t.regex(text, /Subject Key Identifier: *\n *([0-9A-F]{2}:){19}[0-9A-F]{2}\n/);
    t.regex(text, /Authority Key Identifier: *\n *(keyid:)?([0-9A-F]{2}:){19}[0-9A-F]{2}\n/);
    t.true(text.replaceAll(':', '').includes(issued.serial));
  });
}

openssl.test('openssl reads the root as an authority that may sign certificates and revocation lists', async (t) => {
  const { ca } = await bench(t);
  const text = await ask('openssl', 'x509', '-in', ca, '-noout', '-text');
  t.regex(text, /Basic Constraints: critical\n *CA:TRUE, pathlen:1\n/);
  t.regex(text, /Key Usage: critical\n *Certificate Sign, CRL Sign\n/);
  t.notRegex(text, /Extended Key Usage/);
  t.regex(text, /Not After : Jun 12 12:00:00 2040 GMT/);
});

openssl.test('openssl reads a lifetime beyond 2050, where DER changes its form of time', async (t) => {
  const { ca } = await bench(t, 'ecdsa-p256', new Date('2045-01-01T00:00:00.789Z'));
  t.regex(await ask('openssl', 'x509', '-in', ca, '-noout', '-dates'), /notAfter=Dec 30 00:00:00 2054 GMT/);
  const structure = await ask('openssl', 'asn1parse', '-in', ca);
  t.regex(structure, /UTCTIME +:441231235500Z/);
  t.regex(structure, /GENERALIZEDTIME +:20541230000000Z/);
});

for (const form of ['PEM', 'DER'] as const) {
  openssl.test(`openssl takes the empty revocation list in ${form}`, async (t) => {
    const { ca, path } = await bench(t);
    const file = path(form === 'PEM' ? 'pki/ca.crl' : 'pki/ca.crl.der');
    const text = await ask('openssl', 'crl', '-inform', form, '-in', file, '-CAfile', ca, '-noout', '-text');
    t.regex(text, /verify OK/);
    t.regex(text, /Version 2 \(0x1\)/);
    t.regex(text, /CRL Number: *\n *1\n/);
    t.regex(text, /Authority Key Identifier/);
    t.regex(text, /Next Update: Jun 12 12:00:00 2040 GMT/);
    t.regex(text, /No Revoked Certificates/);
  });
}

openssl.test(
  'openssl checks a certificate against the revocation list and finds it good, years later too',
  async (t) => {
    const { ca, path, write } = await bench(t);
    const { certificate } = await write('server', { days: 3650 });
    const at = String(later(3000).getTime() / 1000);
    const crl = ['-crl_check', '-CRLfile', path('pki/ca.crl'), '-attime', at];
    t.is(await ask('openssl', 'verify', '-x509_strict', ...crl, '-CAfile', ca, certificate), `${certificate}: OK\n`);
  },
);

certtool.test('certtool verifies a member for both purposes and a client for one', async (t) => {
  const { ca, write } = await bench(t, 'ecdsa-p256', new Date());
  const verify = (purpose: string, file: string): Promise<string> =>
    ask('certtool', '--verify', '--verify-purpose', purpose, '--load-ca-certificate', ca, '--infile', file);
  const [server, client] = [await write('server'), await write('app', { profile: 'client', names: [] })];
  const [serverAuth, clientAuth] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
  t.regex(
    await verify(serverAuth, server.certificate),
    /Chain verification output: Verified\. The certificate is trusted/,
  );
  t.regex(
    await verify(clientAuth, server.certificate),
    /Chain verification output: Verified\. The certificate is trusted/,
  );
  t.regex(
    await verify(clientAuth, client.certificate),
    /Chain verification output: Verified\. The certificate is trusted/,
  );
  t.regex(await verify(serverAuth, client.certificate), /Not verified/);
});

for (const keyType of keyTypes) {
  certtool.test(`certtool verifies a chain of ${keyType} and reads its key`, async (t) => {
    const { ca, write } = await bench(t, keyType, new Date());
    const { certificate, key } = await write('server');
    const verdict = await ask('certtool', '--verify', '--load-ca-certificate', ca, '--infile', certificate);
    t.regex(verdict, /Chain verification output: Verified\. The certificate is trusted/);
    const keyId = async (...args: string[]): Promise<string | undefined> =>
      /sha256:([0-9a-f]{64})/.exec(await ask('certtool', ...args))?.[1];
    const ofKey = await keyId('-k', '--infile', key);
    t.truthy(ofKey);
    t.is(ofKey, await keyId('--pubkey-info', '--load-certificate', certificate));
  });
}

certtool.test('certtool verifies a host name and an address, and refuses others', async (t) => {
  const { ca, write } = await bench(t, 'ecdsa-p256', new Date());
  const { certificate } = await write('server');
  const verify = (host: string): Promise<string> =>
    ask('certtool', '--verify', '--verify-hostname', host, '--load-ca-certificate', ca, '--infile', certificate);
  t.regex(await verify('m1.example'), /Verified\. The certificate is trusted/);
  t.regex(await verify('127.0.0.1'), /Verified\. The certificate is trusted/);
  t.regex(await verify('m2.example'), /Not verified/);
});

certtool.test('certtool reads a certificate with every kind of name', async (t) => {
  const { write } = await bench(t);
  const names = ['app.example', '::1', 'ops@example.com', 'spiffe://demo/app'];
  const { certificate } = await write('app', { profile: 'client', commonName: 'app', names });
  const text = await ask('certtool', '-i', '--infile', certificate);
  t.regex(
    text,
    /DNSname: app\.example\n\t*IPAddress: ::1\n\t*RFC822Name: ops@example\.com\n\t*URI: spiffe:\/\/demo\/app\n/,
  );
  t.regex(text, /Key Usage \(critical\):\n\t*Digital signature\./);
  t.regex(text, /Basic Constraints \(critical\):\n\t*Certificate Authority \(CA\): FALSE/);
});

const hostileCommonNames = [
  'm1, CN=root',
  'm1/CN=root',
  'm1+CN=root',
  'm1,DNS:evil.example',
  'CN=root',
  '#0c04726f6f74',
  '"quoted"',
  'back\\slash',
  'a\\0ab',
  '<script>;=,+"\\#',
  'Zoë 株式会社 😀',
  'x'.repeat(64),
];

for (const commonName of hostileCommonNames) {
  openssl.test(
    `the common name ${commonName} is one attribute with exactly that value and brings no name with it`,
    async (t) => {
      const { write } = await bench(t);
      const { certificate, issued } = await write('client', { profile: 'client', commonName, names: [] });
      const options = 'sep_multiline,utf8,sname';
      const text = await ask('openssl', 'x509', '-in', certificate, '-noout', '-subject', '-nameopt', options);
      t.is(text, `subject=\n    CN=${commonName}\n`);
      t.is(new X509Certificate(issued.certificatePem).subjectAltName, undefined);
    },
  );
}

const refusedRequest = test.macro<[string, Partial<Request>, Refusal['field'], RegExp]>({
  title: (_, what) => `a request with ${what} is refused`,
  async exec(t, _, request, field, reason) {
    const { issue, authority } = await bench(t);
    const error = await t.throwsAsync<PkiError>(issue(request), { code: 'request-refused' });
    const refusals = error?.details.refusals as Refusal[];
    t.true(
      refusals.some((refusal) => refusal.field === field && reason.test(refusal.reason)),
      error?.message,
    );
    t.is(authority.ledger.size, 1, 'only the root is in the ledger');
  },
});

test(refusedRequest, 'an empty common name', { commonName: '' }, 'commonName', /empty/);
test(
  refusedRequest,
  'a common name of 300 characters',
  { commonName: 'x'.repeat(300) },
  'commonName',
  /300 characters, at most 64/,
);
test(refusedRequest, 'a line break in the common name', { commonName: 'app\nCN=root' }, 'commonName', /control/);
test(refusedRequest, 'a NUL in the common name', { commonName: 'root\0.example' }, 'commonName', /control/);
test(refusedRequest, 'a reversed common name', { commonName: '\u202etoor' }, 'commonName', /invisible/);
test(refusedRequest, 'a padded common name', { commonName: 'root ' }, 'commonName', /white space/);
test(refusedRequest, 'a NUL in the organization', { organization: 'a\0' }, 'organization', /control/);
test(refusedRequest, 'a server without names', { names: [] }, 'names', /dialled by/);
test(refusedRequest, 'a peer without names', { profile: 'peer', names: [] }, 'names', /dialled by/);
test(refusedRequest, 'a URI for a server', { names: ['https://m1'] }, 'names', /no uri names/);
test(refusedRequest, 'a broken name', { names: ['m1', 'm1\nDNS:evil'] }, 'names', /control/);
test(refusedRequest, '101 names', { names: Array.from({ length: 101 }, (_, n) => `m${n}.x`) }, 'names', /at most 100/);
test(refusedRequest, 'no days', { days: 0 }, 'days', /1 to 3650/);
test(refusedRequest, 'half a day', { days: 0.5 }, 'days', /whole number/);
test(refusedRequest, 'too many days', { days: 3651 }, 'days', /1 to 3650/);
test(refusedRequest, 'days that are no number', { days: Number.NaN }, 'days', /whole number/);

test('a refusal gives every reason at once', async (t) => {
  const { issue } = await bench(t);
  const request = { commonName: '', names: ['10.0.0.300', 'a..b'], days: -1, now: later(4000) };
  const error = await t.throwsAsync<PkiError>(issue(request), { code: 'request-refused' });
  const refusals = error?.details.refusals as Refusal[];
  t.deepEqual(
    refusals.map(({ field }) => field),
    ['commonName', 'names', 'names', 'days', 'authority'],
  );
});

test('a key of a type that is not used is not certified', async (t) => {
  const { issue } = await bench(t);
  for (const { privateKey } of [
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('rsa', { modulusLength: 1024 }),
    generateKeyPairSync('ed448'),
  ]) {
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await t.throwsAsync(issue({ keyPem }), {
      code: 'request-refused',
      message: /key: a key of type .* is not certified/,
    });
  }
});

test('a key that is given is certified, and no new one is made', async (t) => {
  const { issue } = await bench(t);
  const first = await issue();
  const second = await issue({ keyPem: first.keyPem });
  t.is(second.keyPem, first.keyPem);
  t.not(second.serial, first.serial);
  const [a, b] = [first, second].map(({ certificatePem }) => new X509Certificate(certificatePem).publicKey);
  t.true(a !== undefined && b?.equals(a));
});

test('a name that is given twice, or in two spellings, is in the certificate once', async (t) => {
  const { issue } = await bench(t);
  const { certificatePem } = await issue({
    names: ['M1', 'm1.', 'm1', '::1', '0:0::1', '::ffff:127.0.0.1', '127.0.0.1'],
  });
  t.is(new X509Certificate(certificatePem).subjectAltName, 'DNS:m1, IP Address:0:0:0:0:0:0:0:1, IP Address:127.0.0.1');
});

test('a certificate begins five minutes early, but never before its authority', async (t) => {
  const { authority, issue } = await bench(t);
  t.deepEqual((await issue()).notBefore, authority.certificate.notBefore);
  t.deepEqual((await issue({ now: later(10) })).notBefore, new Date(later(10).getTime() - 300_000));
});

test('a certificate that would outlive its authority ends with it, and a note says so', async (t) => {
  const { authority, issue } = await bench(t);
  const cut = await issue({ now: later(3500) });
  t.deepEqual(cut.notAfter, authority.certificate.notAfter);
  t.regex(cut.notes.join(), /valid until 2040-06-12.* and not 2041-01-13.*: the authority expires then/);
  t.deepEqual((await issue()).notes, []);
});

test('an expired authority issues nothing, nor does one whose time has not come', async (t) => {
  const { issue } = await bench(t);
  await t.throwsAsync(issue({ now: later(3650) }), { message: /authority: it expired at 2040-06-12T12:00:00.000Z/ });
  await t.throwsAsync(issue({ now: later(-1) }), {
    message: /authority: it is not valid before 2030-06-15T11:55:00.000Z/,
  });
});

test('a serial is a positive DER integer of 16 octets, in the shortest form, whatever the random octets are', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
      const serial = Buffer.from(
        newSerial(now, () => Buffer.from(octets)),
        'hex',
      );
      const [first = 0] = serial;
      return serial.length === 16 && first > 0 && first < 0x80;
    }),
  );
  t.pass();
});

openssl.test('the serial in the file is, octet for octet, the one that was drawn', async (t) => {
  const { write } = await bench(t);
  const { certificate, issued } = await write('server');
  const structure = await ask('openssl', 'asn1parse', '-in', certificate);
  t.true(structure.includes(`l=  16 prim: INTEGER           :${issued.serial.toUpperCase()}`), structure);
});

test('many certificates may be asked for at once, and each has a serial of its own', async (t) => {
  const { authority, issue } = await bench(t);
  const issued = await Promise.all(Array.from({ length: 40 }, () => issue({ names: memberNames })));
  t.is(new Set(issued.map(({ serial }) => serial)).size, 40);
  t.deepEqual(
    [...authority.ledger.select({ now, profiles: ['server'] })].map(({ serial }) => serial).toSorted(),
    issued.map(({ serial }) => serial).toSorted(),
  );
});
