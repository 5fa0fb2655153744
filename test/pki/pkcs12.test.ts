import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type KeyType, makePkcs12, pkcs12PasswordObjection, readBundle } from '#pki';
import { judge } from '../judges.js';
import { bench } from './setting.js';

const judges = judge('openssl', 'keytool', 'certtool');
const password = 'open "sesame" $1';
const alias = 'app of demo';

interface Made {
  readonly file: string;
  readonly publicKey: string;
  readonly certificates: readonly string[];
  path(name: string): string;
}

async function made(t: ExecutionContext, keyType: KeyType): Promise<Made> {
  const { ca, write, path } = await bench(t, keyType);
  const { certificate, key } = await write('app', { profile: 'client', commonName: 'app', names: [], keyType });
  const { keyPem = '', ...bundle } = await readBundle({ certificate, key, ca });
  const file = path('app.p12');
  writeFileSync(file, await makePkcs12({ bundle: { ...bundle, keyPem }, name: alias, password }));
  return {
    file,
    path,
    publicKey: publicOf(keyPem),
    certificates: [bundle.leaf.fingerprint, bundle.authority.fingerprint],
  };
}

const publicOf = (keyPem: string): string =>
  createPublicKey(createPrivateKey(keyPem)).export({ type: 'spki', format: 'pem' }).toString();

const keyBlock = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----\n/;

/** The certificates in a text, by their fingerprints. */
const certificatesIn = (text: string): string[] =>
  [...text.matchAll(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g)].map(([pem]) =>
    new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase(),
  );

const options = { encoding: 'utf8', env: { ...process.env, SECRET: password } } as const;

/** What openssl finds in a file, with the parts in the clear. */
function byOpenssl(file: string): { said: string; publicKey: string; certificates: readonly string[] } {
  const args = ['pkcs12', '-in', file, '-info', '-nodes', '-passin', 'env:SECRET'];
  const { stdout, stderr } = spawnSync('openssl', args, options);
  return { said: stderr, publicKey: publicOf(keyBlock.exec(stdout)?.[0] ?? ''), certificates: certificatesIn(stdout) };
}

/** Both, so that a file that nobody can open is not taken for one that is protected. */
function refuse(t: ExecutionContext, file: string): void {
  const wrong = { ...options, env: { ...process.env, SECRET: 'open sesame' } };
  const commands = [
    ['openssl', 'pkcs12', '-in', file, '-nodes', '-passin', 'env:SECRET'],
    ['certtool', '--p12-info', '--inder', '--infile', file, '--password', 'open sesame'],
  ] as const;
  for (const [program, ...args] of commands) {
    const { status, stdout, stderr } = spawnSync(program, args, wrong);
    t.not(status, 0, program);
    t.regex(stdout + stderr, /invalid password|Authentication Code verification failed/);
    t.false(stdout.includes('-----BEGIN PRIVATE KEY-----'));
  }
}

for (const keyType of ['ecdsa-p256', 'rsa-2048', 'ed25519'] as const) {
  judges.test(
    `a PKCS#12 file with a key of ${keyType} opens in openssl, Java and GnuTLS, its key and chain intact`,
    async (t) => {
      const { file, path, publicKey, certificates } = await made(t, keyType);
      if (keyType === 'ecdsa-p256') refuse(t, file);
      const opened = byOpenssl(file);
      t.is(opened.publicKey, publicKey, opened.said);
      t.deepEqual(opened.certificates, certificates);
      t.regex(opened.said, /MAC: sha256, Iteration 600000/);
      t.regex(opened.said, /Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256/);
      t.regex(opened.said, /Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256/);

      // Java reads the key itself, and writes what it has read.
      const copy = path('copy.p12');
      const from = ['-srckeystore', file, '-srcstoretype', 'PKCS12', '-srcstorepass:env', 'SECRET'];
      const to = ['-destkeystore', copy, '-deststoretype', 'PKCS12', '-deststorepass:env', 'SECRET'];
      const imported = spawnSync('keytool', ['-importkeystore', '-noprompt', ...from, ...to], options);
      t.regex(imported.stderr, /Entry for alias app of demo successfully imported/, imported.stdout);
      const copied = byOpenssl(copy);
      t.deepEqual([copied.publicKey, copied.certificates], [publicKey, certificates], copied.said);

      const info = ['--p12-info', '--inder', '--infile', file, '--password', password];
      const shown = execFileSync('certtool', info, { ...options, stdio: 'pipe' });
      t.deepEqual(certificatesIn(shown), certificates);
      t.regex(shown, /Friendly name: app of demo\n/);
      const encrypted = path('encrypted.key');
      writeFileSync(
        encrypted,
        /-----BEGIN ENCRYPTED[\s\S]+?-----END ENCRYPTED PRIVATE KEY-----\n/.exec(shown)?.[0] ?? '',
      );
      const load = ['--pubkey-info', '--load-privkey', encrypted, '--password', password];
      t.true(execFileSync('certtool', load, { ...options, stdio: 'pipe' }).includes(publicKey));
    },
  );
}

test('passwords that programs would read differently, or that are short, are refused', (t) => {
  t.is(pkcs12PasswordObjection(password), undefined);
  t.regex(pkcs12PasswordObjection('pässwörter') ?? '', /ASCII/);
  t.regex(pkcs12PasswordObjection('with\ttabs and more') ?? '', /ASCII/);
  t.regex(pkcs12PasswordObjection('seven77') ?? '', /8 to 128 characters, this one has 7/);
});

test('a certificate with another key, or of another authority, is refused with both reasons', async (t) => {
  const [ours, theirs] = [await bench(t), await bench(t)];
  const { certificate } = await ours.write('a');
  const { key } = await ours.write('b');
  const error = await t.throwsAsync(readBundle({ certificate, key, ca: theirs.ca }), { code: 'bundle-refused' });
  t.regex(
    error?.message ?? '',
    /b\.key is not the key of .*a\.crt; .*a\.crt does not lead to an authority of .*ca\.crt/,
  );
});

test('what is no certificate is refused by what it is', async (t) => {
  const { ca, write, path } = await bench(t);
  const { certificate, key } = await write('a');
  const pem = readFileSync(certificate, 'utf8');
  const twice = `-----BEGIN CERTIFICATE-----\n${Buffer.from(pem).toString('base64')}\n-----END CERTIFICATE-----\n`;
  const contents: readonly (readonly [content: string | Buffer, said: RegExp])[] = [
    ['', /bad\.crt is empty/],
    [pem.slice(0, 200), /has a block without its end: it was cut off/],
    [
      pem.replace('-----END CERTIFICATE-----', '-----END PRIVATE KEY-----'),
      /begins as CERTIFICATE and ends as PRIVATE KEY/,
    ],
    [twice, /is encoded twice/],
    [Buffer.from(`\ufeff${pem}`, 'utf16le'), /is text in UTF-16/],
    [Buffer.from(pem, 'utf16le'), /is text in UTF-16/],
    [readFileSync(key), /holds no certificate, but: private key/],
    [pem.replaceAll('A', '!'), /is not base64: it is damaged/],
    ['Dear administrator', /holds no certificate\b/],
    [Buffer.alloc(4_194_305, 'x'), /has more than 4194304 bytes/],
    [Buffer.from([0x30, 0x80, 0, 0]), /holds no certificate that can be read/],
  ];
  const bad = path('bad.crt');
  for (const [content, said] of contents) {
    writeFileSync(bad, content);
    chmodSync(bad, 0o600);
    const error = await t.throwsAsync(readBundle({ certificate: bad, ca }), { code: 'certificate-unreadable' });
    t.regex(error?.message ?? '', said);
  }
});
