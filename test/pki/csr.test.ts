import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import {
  type Certified,
  type KeyType,
  keyTypes,
  makeCertificateRequest,
  PkiError,
  parseCertificateRequest,
  type Refusal,
} from '#pki';
import { generateKey } from '../../pki/keys.js';
import { judge } from '../judges.js';
import { stepRequests } from './requests-of-step.js';
import { ask, type Bench, bench, freshFolder, now } from './setting.js';

const openssl = judge('openssl');
const certtool = judge('certtool');

const opensslKeys: Readonly<Record<KeyType, readonly string[]>> = {
  'ecdsa-p256': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'ecdsa-p384': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['ed25519'],
  'rsa-2048': ['rsa:2048'],
  'rsa-3072': ['rsa:3072'],
  'rsa-4096': ['rsa:4096'],
};

const certtoolKeys: Readonly<Record<KeyType, readonly string[]>> = {
  'ecdsa-p256': ['--key-type', 'ecdsa', '--curve', 'secp256r1'],
  'ecdsa-p384': ['--key-type', 'ecdsa', '--curve', 'secp384r1'],
  ed25519: ['--key-type', 'ed25519'],
  'rsa-2048': ['--key-type', 'rsa', '--bits', '2048'],
  'rsa-3072': ['--key-type', 'rsa', '--bits', '3072'],
  'rsa-4096': ['--key-type', 'rsa', '--bits', '4096'],
};

const keys = new Map<KeyType, ReturnType<typeof generateKey>>();

/** One key of each type for the whole file: an RSA key takes a while. */
function keyOf(keyType: KeyType): ReturnType<typeof generateKey> {
  const key = keys.get(keyType) ?? generateKey(keyType);
  keys.set(keyType, key);
  return key;
}

const certify = (
  { authority }: Bench,
  csr: string | Buffer,
  request: { commonName?: string; names?: readonly string[]; organization?: string } = {},
): Promise<Certified> =>
  authority.certify({
    profile: 'client',
    commonName: 'app',
    names: [],
    days: 30,
    now,
    ...request,
    csr: parseCertificateRequest(Buffer.from(csr), 'app.csr'),
  });

/** A request as openssl writes one with these options; returns its path and its key's. */
function byOpenssl(folder: string, options: readonly string[], key: readonly string[] = opensslKeys['ecdsa-p256']) {
  const [csrPath, keyPath] = [`${folder}/o.csr`, `${folder}/o.key`];
  const made = ['req', '-new', '-newkey', ...key, '-nodes', '-keyout', keyPath, '-out', csrPath, ...options];
  execFileSync('openssl', made, { stdio: 'ignore' });
  return { csr: readFileSync(csrPath), keyPem: readFileSync(keyPath, 'utf8') };
}

for (const keyType of keyTypes) {
  openssl.test(`a request of openssl with a ${keyType} key is certified in PEM and in DER, for that key`, async (t) => {
    const setting = await bench(t);
    const { csr, keyPem } = byOpenssl(setting.folder, ['-subj', '/CN=app'], opensslKeys[keyType]);
    const outer = ['req', '-in', setting.path('o.csr'), '-outform', 'DER', '-out', setting.path('o.der')];
    execFileSync('openssl', outer);
    for (const form of [csr, readFileSync(setting.path('o.der'))]) {
      const { certificatePem, notes } = await certify(setting, form);
      t.true(new X509Certificate(certificatePem).publicKey.equals(createPublicKey(keyPem)));
      t.deepEqual(notes, []);
    }
  });

  certtool.test(`a request of certtool with a ${keyType} key is certified, for that key`, async (t) => {
    const setting = await bench(t);
    const [key, csr, template] = ['g.key', 'g.csr', 'g.cfg'].map(setting.path) as [string, string, string];
    writeFileSync(template, 'cn = "app"\nchallenge_password = 123456\ntls_www_client\n');
    await ask('certtool', '--generate-privkey', ...certtoolKeys[keyType], '--outfile', key);
    await ask('certtool', '--generate-request', '--load-privkey', key, '--template', template, '--outfile', csr);
    const { certificatePem, notes } = await certify(setting, readFileSync(csr));
    t.true(new X509Certificate(certificatePem).publicKey.equals(createPublicKey(readFileSync(key, 'utf8'))));
    t.deepEqual(notes, ['the request asks for the attribute challengePassword, which is left out']);
  });

  openssl.test(`openssl verifies a request of ours with a ${keyType} key and reads its names`, async (t) => {
    const folder = await freshFolder(t);
    const key = await keyOf(keyType);
    writeFileSync(
      `${folder}/a.csr`,
      await makeCertificateRequest({ key, commonName: 'Zoë', names: ['a.example', '2001:db8::1'] }),
    );
    const options = ['-noout', '-verify', '-text', '-nameopt', 'utf8,sname,sep_multiline'];
    const text = await ask('openssl', 'req', '-in', `${folder}/a.csr`, ...options);
    t.regex(text, /self-signature verify OK/i);
    t.true(text.includes('CN=Zoë'), text);
    t.true(text.includes('DNS:a.example, IP Address:2001:DB8:0:0:0:0:0:1'), text);
  });

  certtool.test(`certtool verifies a request of ours with a ${keyType} key`, async (t) => {
    const folder = await freshFolder(t);
    writeFileSync(`${folder}/a.csr`, await makeCertificateRequest({ key: await keyOf(keyType), commonName: 'app' }));
    const text = await ask('certtool', '--crq-info', '--infile', `${folder}/a.csr`);
    t.regex(text, /Subject: CN=app\n/);
    t.regex(text, /Self signature: verified/);
  });
}

for (const [keyType, csr] of Object.entries(stepRequests)) {
  openssl.test(`a request of step with a ${keyType} key is certified, for that key`, async (t) => {
    const setting = await bench(t);
    writeFileSync(setting.path('s.csr'), csr);
    const publicKey = await ask('openssl', 'req', '-in', setting.path('s.csr'), '-noout', '-pubkey');
    const { certificatePem } = await certify(setting, csr, { names: ['app.example', '10.0.0.1'] });
    t.true(new X509Certificate(certificatePem).publicKey.equals(createPublicKey(publicKey)));
  });
}

test('names are granted when they are asked for and wanted, and no more than is wanted', async (t) => {
  const setting = await bench(t);
  const key = await generateKey('ecdsa-p256');
  const csr = await makeCertificateRequest({ key, commonName: 'app', names: ['::1', 'App.Example'] });
  const { certificatePem } = await certify(setting, csr, { names: ['app.example', '0:0::1', '10.0.0.1'] });
  const names = new X509Certificate(certificatePem).subjectAltName;
  t.is(names, 'DNS:app.example, IP Address:0:0:0:0:0:0:0:1, IP Address:10.0.0.1');
});

openssl.test('what a request asks for beyond its profile is left out, and said', async (t) => {
  const setting = await bench(t);
  const { csr } = byOpenssl(setting.folder, [
    ...['-subj', '/C=DE/O=demo/OU=ops/CN=app'],
    ...['-addext', 'keyUsage=digitalSignature,nonRepudiation', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'],
    ...['-addext', 'tlsfeature=status_request', '-addext', 'basicConstraints=CA:FALSE'],
  ]);
  const { certificatePem, notes } = await certify(setting, csr, { organization: 'demo' });
  const { subject, keyUsage, ca } = new X509Certificate(certificatePem);
  t.deepEqual([subject, keyUsage, ca], ['O=demo\nCN=app', ['1.3.6.1.5.5.7.3.2'], false]);
  const left = ['C "DE" of its subject', 'OU "ops" of its subject', 'the key usage nonRepudiation'];
  t.deepEqual(
    notes,
    [...left, 'the usage serverAuth', 'the extension tlsFeature'].map(
      (what) => `the request asks for ${what}, which is left out`,
    ),
  );
});

/** What a request asks for, and the refusal. */
const refused = test.macro<[string, readonly string[], Refusal['field'], RegExp]>({
  title: (_, what) => `a request ${what} is refused, and nothing is signed`,
  async exec(t, _, options, field, reason) {
    const setting = await bench(t);
    const subject = options.includes('-subj') ? [] : ['-subj', '/CN=app'];
    const { csr } = byOpenssl(setting.folder, [...subject, ...options]);
    await refusesWith(t, setting, csr, field, reason);
  },
});

async function refusesWith(t: ExecutionContext, setting: Bench, csr: Buffer, field: Refusal['field'], reason: RegExp) {
  const error = await t.throwsAsync<PkiError>(certify(setting, csr), { code: 'request-refused' });
  const refusals = error?.details.refusals as Refusal[];
  t.true(
    refusals.some((refusal) => refusal.field === field && reason.test(refusal.reason)),
    error?.message,
  );
  t.regex(error?.message ?? '', /^no certificate for client "app" from app\.csr: /);
  t.is(setting.authority.ledger.size, 1, 'only the root is in the ledger');
}

const names = (list: string): readonly string[] => ['-addext', `subjectAltName=${list}`];

test(refused, 'for another user', ['-subj', '/CN=root'], 'commonName', /is for "root", and "app" is to be issued/);
test(refused, 'for two users', ['-subj', '/CN=app/CN=root'], 'commonName', /has 2: "app", "root"/);
test(refused, 'for a user in other letters', ['-subj', '/CN=App'], 'commonName', /is for "App"/);
test(refused, 'with a name that is not granted', names('DNS:m1'), 'names', /"m1" of the request is not among/);
test(refused, 'with a wildcard', names('DNS:*.a.example'), 'names', /"\*\.a\.example" of the request is not among/);
test(refused, 'with an address in a DNS name', names('DNS:10.0.0.1'), 'names', /says it is dns, and is ip/);
test(
  refused,
  'with a name of another kind',
  names('otherName:1.2.3.4;UTF8:root'),
  'names',
  /a kind that is not issued/,
);
test(refused, 'to be an authority', ['-addext', 'basicConstraints=CA:TRUE'], 'csr', /asks to be an authority/);
test(refused, 'to sign certificates', ['-addext', 'keyUsage=keyCertSign'], 'csr', /key usage keyCertSign/);
test(
  refused,
  'for something critical',
  ['-addext', '1.2.3.4=critical,ASN1:NULL'],
  'csr',
  /extension 1\.2\.3\.4, as critical/,
);
test(refused, 'that is signed with SHA-1', ['-sha1'], 'csr', /signed with SHA-1, which can be forged/);
test(
  refused,
  'with 500 names',
  names(Array.from({ length: 500 }, (_, n) => `DNS:n${n}.x`).join()),
  'names',
  /has 500, at most 100/,
);

openssl.test('a request with a weak key is refused', async (t) => {
  const setting = await bench(t);
  for (const [key, reason] of [
    [['rsa:1024'], /rsa 1024 is not certified/],
    [['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], /ec secp256k1 is not certified/],
    [['rsa:2048', '-pkeyopt', 'rsa_keygen_pubexp:3'], /exponent 3 is not certified/],
  ] as const) {
    const { csr } = byOpenssl(setting.folder, ['-subj', '/CN=app'], key);
    await refusesWith(t, setting, csr, 'key', reason);
  }
});

openssl.test('a curve that is spelled out, and a point that is compressed, become what Go reads too', async (t) => {
  const setting = await bench(t);
  for (const options of [
    ['-param_enc', 'explicit'],
    ['-conv_form', 'compressed'],
  ]) {
    byOpenssl(setting.folder, ['-subj', '/CN=app']);
    const [key, csr] = [setting.path('other.key'), setting.path('other.csr')];
    await ask('openssl', 'ec', '-in', setting.path('o.key'), ...options, '-out', key);
    await ask('openssl', 'req', '-new', '-key', key, '-subj', '/CN=app', '-outform', 'DER', '-out', csr);
    const { certificatePem } = await certify(setting, readFileSync(csr));
    const granted = new X509Certificate(certificatePem).publicKey.export({ format: 'der', type: 'spki' });
    t.is(granted.length, 91);
    t.false(readFileSync(csr).includes(granted), `${options.join(' ')}: the request has the key in another form`);
  }
});

test("a request for the authority's own key is refused", async (t) => {
  const setting = await bench(t);
  const key = createPrivateKey(readFileSync(setting.path('pki/ca.key'), 'utf8'));
  const csr = await makeCertificateRequest({ key, commonName: 'app' });
  await refusesWith(t, setting, Buffer.from(csr), 'key', /the authority's own/);
});

test('every reason against a request is given at once', async (t) => {
  const setting = await bench(t);
  const pem = await makeCertificateRequest({ key: anyKey, commonName: 'root', names: ['evil.example'] });
  const csr = { ...parseCertificateRequest(Buffer.from(pem), 'app.csr'), unproven: 'its signature does not hold' };
  const request = { profile: 'client', commonName: 'app', names: ['a b'], days: 0, csr, now } as const;
  const error = await t.throwsAsync<PkiError>(setting.authority.certify(request), { code: 'request-refused' });
  const refusals = error?.details.refusals as Refusal[];
  const fields = refusals.map(({ field }) => field);
  t.deepEqual(fields, ['names', 'days', 'csr', 'commonName', 'names']);
});

const { privateKey: anyKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const whole = makeCertificateRequest({ key: anyKey, commonName: 'app', names: ['app.example'] });
const bytesOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');

test('a request in which one octet is another is refused, whichever it is', async (t) => {
  const setting = await bench(t);
  const octets = bytesOf(await whole);
  for (const at of octets.keys()) {
    const changed = Buffer.from(octets);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    const error = await t.throwsAsync(async () => certify(setting, changed, { names: ['app.example'] }));
    t.true(error instanceof PkiError, `octet ${at}: ${error?.stack}`);
  }
  t.is(setting.authority.ledger.size, 1);
});

test('a request that is cut off anywhere, or has something behind it, is not read', async (t) => {
  const octets = bytesOf(await whole);
  for (const length of octets.keys()) {
    t.throws(() => parseCertificateRequest(octets.subarray(0, length), 'a.csr'), { code: 'request-unreadable' });
  }
  const longer = Buffer.concat([octets, Buffer.from([0])]);
  t.throws(() => parseCertificateRequest(longer, 'a.csr'), {
    message: 'a.csr is no certificate request: 1 bytes follow its end',
  });
});

test('whatever the octets are, they are read or refused in words', (t) => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 60 }).map((inside) => Uint8Array.from([0x30, inside.length, ...inside])),
    fc
      .string({ unit: 'binary', maxLength: 300 })
      .map((text) => Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${text}`)),
  );
  fc.assert(
    fc.property(octets, (bytes) => {
      const error = t.throws(() => parseCertificateRequest(Buffer.from(bytes), 'a.csr'));
      return error instanceof PkiError && error.code === 'request-unreadable' && error.hint !== undefined;
    }),
  );
});

const unreadable = test.macro<[string, (pem: string) => string, RegExp, RegExp]>({
  title: (_, what) => `a file ${what} is no request, and the message says what it is`,
  async exec(t, _, spoil, message, hint) {
    const spoilt = Buffer.from(spoil(await whole), 'utf8');
    const error = t.throws<PkiError>(() => parseCertificateRequest(spoilt, 'a.csr'));
    t.is(error?.code, 'request-unreadable');
    t.regex(error?.message ?? '', message);
    t.regex(error?.hint ?? '', hint);
  },
});

test(unreadable, 'that is empty', () => '', /a\.csr is empty/, /begins with -----BEGIN CERTIFICATE REQUEST/);
test(unreadable, 'that was cut off', (pem) => pem.slice(0, 200), /block without its end/, /in PEM/);
test(unreadable, 'with two requests', (pem) => pem + pem, /holds 2 blocks .*, and one is read/, /a file of its own/);
test(
  unreadable,
  'with a private key too',
  (pem) => `${pem}-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n`,
  /holds 2 blocks \(CERTIFICATE REQUEST, PRIVATE KEY\)/,
  /a private key stays where it was made/,
);
test(
  unreadable,
  'with a certificate',
  (pem) => pem.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'),
  /holds a certificate, not a certificate request/,
  /in PEM/,
);
test(
  unreadable,
  'that is encoded twice',
  (pem) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(pem).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`,
  /encoded twice/,
  /base64 -d/,
);
test(unreadable, 'without its borders', (pem) => pem.replace(/-----.*-----\n/g, ''), /holds no/, /put -----BEGIN/);
test(unreadable, 'with damaged base64', (pem) => pem.replace('\nM', '\n!'), /not base64: it is damaged/, /in PEM/);
test(unreadable, 'of words', () => 'Dear administrator, …', /holds no certificate request/, /in PEM/);
test(unreadable, 'that is too large', (pem) => ' '.repeat(70_000) + pem, /70\d+ bytes.*at most 65536/, /fewer names/);
