import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { type Finding, inspectAuthority, inspectCertificate, inspectList, readCertificates } from '#pki';
import { judge } from '../judges.js';
import { hostileOctets } from './hostile-octets.js';
import { bench, later, now as then } from './setting.js';
import { authority, leaf, type Piece, type Wanted, type Workshop, workshop } from './workshop.js';

const openssl = judge('openssl');

const codes = (findings: readonly Finding[]): string[] =>
  findings.map(({ code }) => code).filter((code) => code !== 'valid');
const text = (...paths: readonly string[]): string => paths.map((path) => readFileSync(path, 'utf8')).join('');

const expected = {
  use: 'server',
  commonName: 'm1',
  names: ['m1', '10.0.0.1'],
  forbiddenDomain: 'quorate.internal',
} as const;

interface Chain {
  readonly root: Piece;
  readonly middle: Piece;
  readonly end: Piece;
}

function chain({ make }: Workshop): Chain {
  const root = make('root', { extensions: authority });
  const middle = make('middle', { issuer: root, extensions: authority });
  return { root, middle, end: make('m1', { issuer: middle }) };
}

/** How a chain's file is put together -> what is found. */
const orders: Readonly<Record<string, readonly [file: (chain: Chain) => string, codes: readonly string[]]>> = {
  'a leaf and its intermediate': [({ end, middle }) => text(end.certificate, middle.certificate), []],
  'a leaf whose intermediate is missing': [({ end }) => text(end.certificate), ['chain-incomplete']],
  'a chain with its root': [
    ({ end, middle, root }) => text(end.certificate, middle.certificate, root.certificate),
    ['chain-surplus'],
  ],
  'a chain upside down': [({ end, middle }) => text(middle.certificate, end.certificate), ['chain-order']],
  'a leaf twice': [({ end, middle }) => text(end.certificate, end.certificate, middle.certificate), ['chain-surplus']],
};

openssl.test('the chain is judged as it would be served', async (t) => {
  const shop = await workshop(t);
  const made = chain(shop);
  const file = shop.path('served.crt');
  for (const [what, [content, wanted]] of Object.entries(orders)) {
    writeFileSync(file, content(made));
    const { root, end } = made;
    const options = { ...expected, certificate: file, key: end.key, ca: root.certificate, now: new Date() };
    const findings = await inspectCertificate(options);
    t.deepEqual(codes(findings), wanted, `${what}: ${JSON.stringify(findings)}`);
  }
});

openssl.test('two intermediates the wrong way round, and more of them than the root allows, are found', async (t) => {
  const { make, path } = await workshop(t);
  const root = make('root', { extensions: ['basicConstraints=critical,CA:TRUE,pathlen:1', authority[1]] });
  const upper = make('upper', { issuer: root, extensions: authority });
  const lower = make('lower', { issuer: upper, extensions: authority });
  const { certificate, key } = make('m1', { issuer: lower });
  const file = path('served.crt');
  writeFileSync(file, text(certificate, upper.certificate, lower.certificate));
  const findings = await inspectCertificate({
    ...expected,
    certificate: file,
    key,
    ca: root.certificate,
    now: new Date(),
  });
  t.deepEqual(codes(findings), ['chain-order', 'chain-too-long']);
});

openssl.test('names outside of what an authority may sign are found, as openssl refuses them', async (t) => {
  const { make } = await workshop(t);
  const constraints = 'nameConstraints=critical,permitted;DNS:m1,permitted;IP:10.1.0.0/255.255.0.0';
  const root = make('root', { extensions: [...authority, constraints] });
  const names = (line: string): Wanted => ({
    issuer: root,
    subject: '/CN=m1',
    extensions: [...leaf.slice(0, 3), line],
  });
  const [within, outside] = [
    make('within', names('subjectAltName=DNS:a.m1,IP:10.1.2.3')),
    make('outside', names('subjectAltName=DNS:m2,IP:10.2.0.1,DNS:m1')),
  ];
  execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', root.certificate, within.certificate]);
  const refused = spawnSync('openssl', ['verify', '-CAfile', root.certificate, outside.certificate], {
    encoding: 'utf8',
  });
  t.regex(refused.stderr, /permitted subtree violation/);
  for (const [piece, found] of [
    [within, []],
    [outside, ['outside-authority', 'outside-authority']],
  ] as const) {
    const findings = await inspectCertificate({ ...piece, ca: root.certificate, now: new Date() });
    t.deepEqual(codes(findings), found, JSON.stringify(findings));
  }
});

/** What is asked of openssl -> what is found. */
const faults: Readonly<Record<string, readonly [Wanted, codes: readonly string[]]>> = {
  'nothing wrong': [{}, []],
  'an RSA key of 1024 bits': [{ key: ['rsa:1024'] }, ['weak-key']],
  'a curve that Go does not know': [{ key: ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'] }, ['weak-key']],
  'a signature with SHA-1': [{ more: ['-sha1'] }, ['weak-signature']],
  'a signature with MD5': [{ more: ['-md5'], key: ['rsa:2048'] }, ['weak-signature']],
  'a server that may not be a client': [
    { extensions: leaf.map((line) => line.replace(',clientAuth', '')) },
    ['wrong-usage'],
  ],
  'no usages': [{ extensions: leaf.filter((line) => !line.startsWith('extended')) }, ['no-usages']],
  'a key usage that does not sign': [
    { extensions: leaf.map((line) => line.replace('digitalSignature', 'keyAgreement')) },
    ['wrong-usage'],
  ],
  'an authority in place of a member': [
    { extensions: [authority[0], 'keyUsage=digitalSignature,keyCertSign', ...leaf.slice(2)] },
    ['is-authority'],
  ],
  'no names': [{ extensions: leaf.slice(0, 3) }, ['no-names']],
  'a name too few, a name too many': [
    { extensions: [...leaf.slice(0, 3), 'subjectAltName=DNS:m1,DNS:m9'] },
    ['names-missing', 'names-surplus'],
  ],
  "a server with the peers' mark": [
    { extensions: [...leaf.slice(0, 3), 'subjectAltName=DNS:m1,IP:10.0.0.1,DNS:peer.quorate.internal'] },
    ['name-forbidden', 'names-surplus'],
  ],
  "an end that lies behind its authority's": [{ more: ['-days', '500'] }, ['outlives-authority']],
  "another's common name": [{ subject: '/CN=m2' }, ['wrong-name']],
};

openssl.test('what a certificate says is judged by what it is for, each fault once', async (t) => {
  const { make } = await workshop(t);
  const root = make('root', { extensions: authority, key: ['rsa:2048'] });
  for (const [index, [what, [wanted, found]]] of Object.entries(faults).entries()) {
    const { certificate, key } = make(`c${index}`, { issuer: root, subject: '/CN=m1', ...wanted });
    const findings = await inspectCertificate({ ...expected, certificate, key, ca: root.certificate, now: new Date() });
    t.deepEqual(codes(findings), found, `${what}: ${JSON.stringify(findings)}`);
  }
});

openssl.test('a peer without both usages and a user who may pass for a peer are found', async (t) => {
  const { make } = await workshop(t);
  const root = make('root', { extensions: authority });
  const inspect = (name: string, extensions: readonly string[], use: 'peer' | 'client') => {
    const { certificate, key } = make(name, { issuer: root, extensions });
    const { forbiddenDomain } = expected;
    return inspectCertificate({ use, forbiddenDomain, certificate, key, ca: root.certificate, now: new Date() });
  };
  const onlyClient = leaf.map((line) => line.replace('serverAuth,', ''));
  t.deepEqual(codes(await inspect('peer', onlyClient, 'peer')), ['wrong-usage']);
  const marked = [...onlyClient.slice(0, 3), 'subjectAltName=DNS:x.quorate.internal'];
  t.deepEqual(codes(await inspect('user', marked, 'client')), ['name-forbidden']);
  t.deepEqual(codes(await inspect('fine', onlyClient, 'client')), []);
});

test('a revoked certificate is found by its serial on the list, with the date', async (t) => {
  const setting = await bench(t);
  const { certificate, key, issued } = await setting.write('m1');
  const list = { path: 'ca.crl', revoked: new Map([[issued.serial, '2030-06-01T00:00:00.000Z (keyCompromise)']]) };
  const [finding] = await inspectCertificate({ certificate, key, ca: setting.ca, list, now: then });
  t.is(finding?.code, 'revoked');
  t.regex(finding?.message ?? '', /revoked at 2030-06-01T00:00:00\.000Z \(keyCompromise\), says ca\.crl/);
});

openssl.test("openssl's revocation list is read: who is on it, whose it is, when the next one is due", async (t) => {
  const { make, path } = await workshop(t);
  const [root, stranger] = [make('root', { extensions: authority }), make('other', { extensions: authority })];
  const { certificate, key } = make('m1', { issuer: root });
  const settings = `[ca]\ndefault_ca=d\n[d]\ndatabase=${path('index')}\ndefault_md=sha256\ncrlnumber=${path('number')}\n`;
  writeFileSync(path('ca.cnf'), settings);
  writeFileSync(path('index'), '');
  writeFileSync(path('number'), '01');
  const by = ['ca', '-config', path('ca.cnf'), '-cert', root.certificate, '-keyfile', root.key];
  const run = (...args: string[]) => execFileSync('openssl', [...by, ...args], { stdio: 'ignore' });
  run('-revoke', certificate, '-crl_reason', 'keyCompromise');
  run('-gencrl', '-crldays', '10', '-out', path('ca.crl'));
  const trusted = [{ ...(await read(root)) }];
  const { findings, list } = await inspectList(path('ca.crl'), trusted, new Date());
  t.deepEqual(codes(findings), []);
  const found = await inspectCertificate({
    ...expected,
    certificate,
    key,
    ca: root.certificate,
    list,
    now: new Date(),
  });
  t.deepEqual(codes(found), ['revoked']);
  t.regex(found[0]?.message ?? '', /\(keyCompromise\)/);
  t.deepEqual(codes((await inspectList(path('ca.crl'), trusted, later(11, new Date()))).findings), ['list-overdue']);
  t.deepEqual(codes((await inspectList(path('ca.crl'), [await read(stranger)], new Date())).findings), ['list-forged']);
  copyFileSync(certificate, path('no.crl'));
  t.deepEqual(codes((await inspectList(path('no.crl'), trusted, new Date())).findings), ['list-unreadable']);
});

async function read({ certificate }: Piece) {
  const { readCertificate } = await import('#pki');
  return readCertificate(certificate);
}

test('modes are looked at: of keys, of what others may write, of folders', async (t) => {
  const setting = await bench(t);
  const { certificate, key } = await setting.write('m1');
  const inspect = async () => codes(await inspectCertificate({ certificate, key, ca: setting.ca, now: then }));
  t.deepEqual(await inspect(), []);
  chmodSync(key, 0o640);
  chmodSync(certificate, 0o666);
  t.deepEqual(await inspect(), ['file-writable', 'key-exposed']);
  chmodSync(key, 0o600);
  chmodSync(certificate, 0o644);
  chmodSync(setting.folder, 0o777);
  t.deepEqual(await inspect(), ['file-writable']);
  chmodSync(setting.folder, 0o700);
});

test('an authority is judged for itself, and a leaf among those that are trusted is found', async (t) => {
  const setting = await bench(t);
  const key = setting.path('pki/ca.key');
  t.deepEqual(codes(await inspectAuthority(setting.ca, [key], then)), []);
  t.deepEqual(codes(await inspectAuthority(setting.ca, [key], later(3650))), ['expired']);
  t.deepEqual(codes(await inspectAuthority(setting.path('none'), [key], then)), ['certificate-missing']);
  const { certificate } = await setting.write('m1');
  const both = setting.path('both.crt');
  writeFileSync(both, text(setting.ca, certificate));
  t.deepEqual(codes(await inspectAuthority(both, [], then)), ['wrong-usage']);
});

test('whatever the octets in a file, it is inspected to findings, as a certificate and as a list', async (t) => {
  const octets = await hostileOctets(t);
  const setting = await bench(t);
  const { key } = await setting.write('m1');
  const file = setting.path('any');
  const trusted = await readCertificates(setting.ca);
  await fc.assert(
    fc.asyncProperty(octets, async (bytes) => {
      writeFileSync(file, bytes);
      const { findings } = await inspectList(file, trusted, then);
      const all = [
        ...findings,
        ...(await inspectCertificate({ ...expected, certificate: file, key, ca: setting.ca, now: then })),
      ];
      return all.length > 0 && all.every(({ message, path }) => message !== '' && path !== '');
    }),
    { numRuns: 500 },
  );
  t.pass();
});
