import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { certificateLintRules, keyTypes, lintBytes, lintFile, listLintRules, PkiError, revocationReasons } from '#pki';
import { derTags } from '../../pki/der.js';
import { judge } from '../judges.js';
import { der, derOid, derSequence } from './der-writer.js';
import { specimens } from './every-profile.js';
import { hostileOctets } from './hostile-octets.js';
import { extension, extensions, integer, name, plant, plantBehind, swap, time } from './planting.js';
import { bench, later, now } from './setting.js';
import { type Piece, type Wanted, type Workshop, workshop } from './workshop.js';

const openssl = judge('openssl');

const good = {
  leaf: [
    ...['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'],
    ...['extendedKeyUsage=serverAuth,clientAuth', 'subjectAltName=DNS:m1,IP:10.0.0.1'],
    ...['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'],
  ],
  authority: [
    ...['basicConstraints=critical,CA:TRUE,pathlen:1', 'keyUsage=critical,keyCertSign,cRLSign'],
    ...['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'],
  ],
} as const;

/** The lines with one instead of that of the same name; without it where nothing is given. */
const lines = (kind: keyof typeof good, extensionName: string, line?: string): string[] => [
  ...good[kind].filter((each) => !each.startsWith(`${extensionName}=`)),
  ...(line === undefined ? [] : [line]),
];
const leaf = (extensionName: string, line?: string): Wanted => ({ extensions: lines('leaf', extensionName, line) });
const authority = (extensionName: string, line?: string): Wanted => ({
  extensions: lines('authority', extensionName, line),
});
const added = (line: string): Wanted => ({ extensions: [...good.leaf, line] });
const addedToAuthority = (line: string): Wanted => ({ extensions: [...good.authority, line] });

const ecdsaSha384 = derSequence(derOid('1.2.840.10045.4.3.3'));
const ecdsaSha256WithNull = derSequence(derOid('1.2.840.10045.4.3.2'), der(derTags.null));
const commonName = '2.5.4.3';

/** The rule -> the fault, as openssl makes it, and further rules that it breaks. */
const byOpenssl: Readonly<Record<string, readonly [Wanted, more?: readonly string[]]>> = {
  'version-3': [{ extensions: [] }],
  'serial-positive': [{ more: ['-set_serial', '-5'] }],
  'serial-length': [{ more: ['-set_serial', `0x${'7f'.repeat(21)}`] }],
  'signature-strong': [{ more: ['-sha1'] }],
  'public-key': [{ key: ['rsa:1024'] }],
  'critical-known': [added('1.2.3.4=critical,ASN1:NULL')],
  'authorityKeyIdentifier-not-critical': [leaf('authorityKeyIdentifier', 'authorityKeyIdentifier=critical,keyid')],
  'subjectKeyIdentifier-not-critical': [leaf('subjectKeyIdentifier', 'subjectKeyIdentifier=critical,hash')],
  'keyUsage-critical': [leaf('keyUsage', 'keyUsage=digitalSignature')],
  'policyMappings-critical': [addedToAuthority('policyMappings=1.2.3:1.2.4')],
  'issuerAltName-not-critical': [added('issuerAltName=critical,DNS:x')],
  'subjectDirectoryAttributes-not-critical': [added('2.5.29.9=critical,DER:3000')],
  'nameConstraints-critical': [addedToAuthority('nameConstraints=permitted;DNS:x')],
  'policyConstraints-critical': [addedToAuthority('policyConstraints=requireExplicitPolicy:3')],
  'cRLDistributionPoints-not-critical': [added('crlDistributionPoints=critical,URI:http://x/')],
  'inhibitAnyPolicy-critical': [addedToAuthority('inhibitAnyPolicy=1')],
  'freshestCRL-not-critical': [added('freshestCRL=critical,URI:http://x/')],
  'authorityInfoAccess-not-critical': [added('authorityInfoAccess=critical,OCSP;URI:http://x/')],
  'subjectInfoAccess-not-critical': [addedToAuthority('subjectInfoAccess=critical,caRepository;URI:http://x/')],
  'alt-name-when-no-subject': [{ subject: '/' }],
  'alt-name-not-critical': [leaf('subjectAltName', 'subjectAltName=critical,DNS:m1')],
  'extended-usages': [leaf('extendedKeyUsage', '2.5.29.37=DER:3000')],
  'extended-usage-any': [leaf('extendedKeyUsage', 'extendedKeyUsage=critical,2.5.29.37.0')],
  'server-names': [leaf('subjectAltName')],
  'cRLDistributionPoints-not-empty': [added('2.5.29.31=DER:3000')],
  'authorityInfoAccess-not-empty': [added('1.3.6.1.5.5.7.1.1=DER:3000')],
  'subjectInfoAccess-not-empty': [added('1.3.6.1.5.5.7.1.11=DER:3000')],
  'certificatePolicies-not-empty': [added('2.5.29.32=DER:3000')],
  'policies-once': [added('2.5.29.32=DER:300C300406022A03300406022A03')],
  'key-usage-of-authority': [authority('keyUsage', 'keyUsage=critical,cRLSign'), ['path-length']],
  'key-usage-not-empty': [leaf('keyUsage', '2.5.29.15=critical,DER:030100')],
  'key-usage-minimal': [leaf('keyUsage', '2.5.29.15=critical,DER:03020080')],
  'key-usage-fits': [leaf('keyUsage', 'keyUsage=critical,digitalSignature,keyEncipherment')],
  'key-usage-there': [leaf('keyUsage')],
  'authority-marked': [leaf('keyUsage', 'keyUsage=critical,digitalSignature,keyCertSign')],
  'authority-mark-critical': [authority('basicConstraints', 'basicConstraints=CA:TRUE')],
  'authority-mark-left-out': [leaf('basicConstraints', '2.5.29.19=critical,DER:3003010100')],
  'path-length': [leaf('basicConstraints', '2.5.29.19=critical,DER:3003020101')],
  'name-constraints-of-authority': [added('nameConstraints=critical,permitted;DNS:x')],
  'name-constraints-form': [addedToAuthority('2.5.29.30=critical,DER:3000')],
  'alt-name-not-empty': [leaf('subjectAltName', '2.5.29.17=DER:3000')],
  'alt-name-kinds': [leaf('subjectAltName', '2.5.29.17=DER:30028900')],
  'alt-name-dns': [leaf('subjectAltName', 'subjectAltName=DNS:m 1')],
  'alt-name-address-in-dns': [leaf('subjectAltName', 'subjectAltName=DNS:10.0.0.1')],
  'alt-name-address': [leaf('subjectAltName', '2.5.29.17=DER:300587030A0000')],
  'alt-name-email': [leaf('subjectAltName', 'subjectAltName=email:nobody')],
  'alt-name-uri': [leaf('subjectAltName', 'subjectAltName=URI:some/where')],
  'alt-name-once': [leaf('subjectAltName', 'subjectAltName=DNS:m1,DNS:m1')],
};

type Plant = (certificate: Buffer) => Buffer;

const adding =
  (...list: readonly Buffer[]): Plant =>
  (it) =>
    plant(
      it,
      extensions((there) => [...there, ...list]),
    );
const without =
  (oid: string): Plant =>
  (it) =>
    plant(
      it,
      extensions((list) => list.filter((each) => !each.includes(derOid(oid)))),
    );
const [subjectKeyId, authorityKeyId] = ['2.5.29.14', '2.5.29.35'] as const;

/** Where the parts of a certificate are: version, serial, algorithm, issuer, validity, subject, key, extensions. */
const at = { version: 0, serial: 1, algorithm: 2, issuer: 3, validity: 4, subject: 5, key: 6 } as const;
const subjectOf =
  (value: Buffer): Plant =>
  (der_) =>
    plant(der_, swap(at.subject, value));

/** The same for what openssl does not make. */
const byHand: Readonly<Record<string, readonly [Plant, more?: readonly string[], kind?: 'authority']>> = {
  version: [(it) => plant(it, swap(at.version, der(0xa0, integer('01'))))],
  'serial-minimal': [(it) => plant(it, swap(at.serial, integer('0001')))],
  'algorithms-equal': [(it) => plantBehind(it, swap(0, ecdsaSha384))],
  'algorithm-parameters': [
    (it) => plantBehind(plant(it, swap(at.algorithm, ecdsaSha256WithNull)), swap(0, ecdsaSha256WithNull)),
  ],
  'time-encoding': [(it) => plant(it, swap(at.validity, derSequence(time('20260101000000Z'), time('270101000000Z'))))],
  'validity-order': [(it) => plant(it, swap(at.validity, derSequence(time('270101000000Z'), time('260101000000Z'))))],
  'unique-ids': [
    (it) => plant(it, (parts) => [...parts.slice(0, 7), der(0x82, Buffer.from([0, 1])), ...parts.slice(7)]),
  ],
  'names-readable': [subjectOf(derSequence(der(derTags.set)))],
  'issuer-not-empty': [(it) => plant(it, swap(at.issuer, derSequence()))],
  'authority-subject': [subjectOf(derSequence()), ['alt-name-when-no-subject'], 'authority'],
  'name-strings': [subjectOf(name(commonName, derTags.teletexString, 'm1'))],
  'name-lengths': [subjectOf(name(commonName, derTags.utf8String, 'ä'.repeat(65)))],
  country: [subjectOf(name('2.5.4.6', derTags.printableString, 'DEU'))],
  'authority-key-id': [without(authorityKeyId)],
  'subject-key-id': [without(subjectKeyId), [], 'authority'],
  'subject-key-id-of-leaf': [without(subjectKeyId)],
  'subject-key-id-form': [(it) => adding(extension(subjectKeyId, der(derTags.octetString)))(without(subjectKeyId)(it))],
  'extensions-once': [
    (it) =>
      plant(
        it,
        extensions((list) => [...list, ...list.slice(0, 1)]),
      ),
  ],
  'extensions-not-empty': [
    (it) =>
      plant(
        it,
        extensions(() => []),
      ),
    ['authority-key-id', 'subject-key-id-of-leaf', 'key-usage-there'],
  ],
  'default-left-out': [
    (it) =>
      plant(
        it,
        extensions((list) => [...list, extension('1.2.3.4', der(derTags.null), false)]),
      ),
  ],
};

const rulesOf = (bytes: Buffer): string[] =>
  lintBytes(bytes, 'it').flatMap(({ findings }) => findings.map(({ rule }) => rule));
const rawOf = ({ certificate }: Piece): Buffer => new X509Certificate(readFileSync(certificate)).raw;

function pieces({ make }: Workshop): { readonly root: Piece; readonly end: Piece; readonly middle: Piece } {
  const root = make('root', { extensions: lines('authority', 'authorityKeyIdentifier') });
  const middle = make('middle', { issuer: root, extensions: good.authority });
  return { root, middle, end: make('m1', { issuer: root, extensions: good.leaf }) };
}

openssl.test('what openssl makes by the book keeps to every rule', async (t) => {
  const { root, middle, end } = pieces(await workshop(t));
  for (const each of [root, middle, end]) t.deepEqual(rulesOf(rawOf(each)), []);
});

openssl.test('each rule for certificates finds its fault, and no other does', async (t) => {
  const shop = await workshop(t);
  const { root, middle, end } = pieces(shop);
  for (const [index, [rule, [wanted, more = []]]] of Object.entries(byOpenssl).entries()) {
    const made = shop.make(`c${index}`, { issuer: root, extensions: good.leaf, ...wanted });
    t.deepEqual(rulesOf(rawOf(made)).sort(), [rule, ...more].sort(), rule);
  }
  for (const [rule, [fault, more = [], kind]] of Object.entries(byHand)) {
    t.deepEqual(rulesOf(fault(rawOf(kind === 'authority' ? middle : end))).sort(), [rule, ...more].sort(), rule);
  }
});

/** A list of openssl's: version, algorithm, issuer, this update, next update, revoked, extensions. */
async function listBy(shop: Workshop, { root, end }: { readonly root: Piece; readonly end: Piece }): Promise<Buffer> {
  const { path } = shop;
  const settings = [
    '[ca]',
    'default_ca=d',
    '[d]',
    `database=${path('index')}`,
    'default_md=sha256',
    `crlnumber=${path('number')}`,
  ];
  writeFileSync(
    path('ca.cnf'),
    [...settings, 'crl_extensions=e', '[e]', 'authorityKeyIdentifier=keyid', ''].join('\n'),
  );
  writeFileSync(path('index'), '');
  writeFileSync(path('number'), '01');
  const by = ['ca', '-config', path('ca.cnf'), '-cert', root.certificate, '-keyfile', root.key];
  execFileSync('openssl', [...by, '-revoke', end.certificate, '-crl_reason', 'superseded'], { stdio: 'ignore' });
  execFileSync('openssl', [...by, '-gencrl', '-crldays', '10', '-out', path('ca.crl')], { stdio: 'ignore' });
  return execFileSync('openssl', ['crl', '-in', path('ca.crl'), '-outform', 'DER']);
}

const revoked =
  (...lists: readonly (readonly Buffer[])[]): Plant =>
  (it) =>
    plant(it, swap(5, derSequence(...lists.map((entry) => derSequence(...entry)))));
const entry = (...extended: readonly Buffer[]): Buffer[] => [
  integer('05'),
  time('260101000000Z'),
  derSequence(...extended),
];
const reason = (code: string, marked?: boolean): Buffer =>
  extension('2.5.29.21', der(0x0a, Buffer.from(code, 'hex')), marked);
const asMd5 = derSequence(derOid('1.2.840.113549.1.1.4'), der(derTags.null));

const inLists: Readonly<Record<string, readonly [Plant, more?: readonly string[]]>> = {
  version: [(it) => plant(it, (parts) => parts.slice(1))],
  'algorithms-equal': [(it) => plantBehind(it, swap(0, ecdsaSha384))],
  'algorithm-parameters': [(it) => plantBehind(plant(it, swap(1, ecdsaSha256WithNull)), swap(0, ecdsaSha256WithNull))],
  'signature-strong': [(it) => plantBehind(plant(it, swap(1, asMd5)), swap(0, asMd5))],
  'issuer-not-empty': [(it) => plant(it, swap(2, derSequence()))],
  'this-update': [(it) => plant(it, swap(3, time('20260101000000Z')))],
  'next-update': [(it) => plant(it, (parts) => [...parts.slice(0, 4), ...parts.slice(5)])],
  'update-order': [(it) => plant(it, swap(4, time('200101000000Z')))],
  'extensions-once': [
    (it) =>
      plant(
        it,
        extensions((list) => [...list, ...list.slice(0, 1)]),
      ),
  ],
  'extensions-not-empty': [
    (it) =>
      plant(
        it,
        extensions(() => []),
      ),
    ['authority-key-id', 'list-number'],
  ],
  'critical-known': [adding(extension('1.2.3.4', der(derTags.null), true))],
  'default-left-out': [adding(extension('1.2.3.4', der(derTags.null), false))],
  'authorityKeyIdentifier-not-critical': [
    (it) => adding(extension('2.5.29.35', derSequence(der(0x80, Buffer.from([1]))), true))(without('2.5.29.35')(it)),
  ],
  'issuerAltName-not-critical': [adding(extension('2.5.29.18', derSequence(), true))],
  'cRLNumber-not-critical': [(it) => adding(extension('2.5.29.20', integer('01'), true))(without('2.5.29.20')(it))],
  'deltaCRLIndicator-critical': [adding(extension('2.5.29.27', integer('01')))],
  'issuingDistributionPoint-critical': [adding(extension('2.5.29.28', derSequence()))],
  'freshestCRL-not-critical': [adding(extension('2.5.29.46', derSequence(), true))],
  'authorityInfoAccess-not-critical': [adding(extension('1.3.6.1.5.5.7.1.1', derSequence(), true))],
  'authority-key-id': [without('2.5.29.35')],
  'list-number': [without('2.5.29.20')],
  'revoked-not-empty': [revoked()],
  'revoked-once': [revoked(entry(reason('04')), entry(reason('04')))],
  'revoked-serial': [revoked([integer('0005'), time('260101000000Z')])],
  'revoked-time': [revoked([integer('05'), time('20260101000000Z')])],
  'entry-extensions-once': [revoked(entry(reason('04'), reason('04')))],
  'entry-extensions-not-empty': [revoked(entry())],
  'entry-critical-known': [revoked(entry(extension('1.2.3.4', der(derTags.null), true)))],
  'entry-default-left-out': [revoked(entry(reason('04', false)))],
  reason: [revoked(entry(reason('07')))],
  'reason-unspecified': [revoked(entry(reason('00')))],
  'invalidity-date': [revoked(entry(extension('2.5.29.24', time('260101000000Z'))))],
};

openssl.test('each rule for revocation lists finds its fault, and no other does', async (t) => {
  const shop = await workshop(t);
  const list = await listBy(shop, pieces(shop));
  t.deepEqual(lintBytes(list, 'it'), [{ place: 1, kind: 'revocation list', findings: [] }]);
  for (const [rule, [fault, further = []]] of Object.entries(inLists)) {
    t.deepEqual(rulesOf(fault(list)).sort(), [rule, ...further].sort(), rule);
  }
});

test('there is a fault for every rule, and every rule says where it stands', (t) => {
  const ids = (rules: readonly { readonly id: string }[]): string[] => rules.map(({ id }) => id).sort();
  t.deepEqual(Object.keys({ ...byOpenssl, ...byHand }).sort(), ids(certificateLintRules));
  t.deepEqual(Object.keys(inLists).sort(), ids(listLintRules));
  for (const { source } of [...certificateLintRules, ...listLintRules])
    t.regex(source, /^(RFC|X\.)\d+ [A\d][.\d]*$|^RFC \d+/);
});

for (const keyType of keyTypes) {
  test(`what is issued here with ${keyType} keeps to every rule: each profile, the authority, its list`, async (t) => {
    const setting = await bench(t, keyType.startsWith('rsa') ? 'rsa-2048' : keyType);
    for (const { name: profile, issued } of await specimens(setting, keyType, now)) {
      t.deepEqual(rulesOf(Buffer.from(issued.certificatePem)), [], profile);
    }
    for (const file of ['pki/ca.crt', 'pki/ca.crl', 'pki/ca.crl.der']) {
      const linted = await lintFile(setting.path(file));
      t.deepEqual(
        linted.flatMap(({ findings }) => findings),
        [],
        file,
      );
      t.is(linted[0]?.kind, file.endsWith('.crt') ? 'certificate' : 'revocation list');
    }
  });
}

judge('openssl', 'certtool').test(
  'a list with every reason, none and thousands of entries keeps to every rule, and openssl and certtool read it',
  async (t) => {
    const { authority: signer, path } = await bench(t);
    const reasons = revocationReasons;
    const revocations = Array.from({ length: 10_000 }, (_, index) => ({
      // The first octet of some is that of a negative number.
      serial: `${(1 + (index % 255)).toString(16).padStart(2, '0')}${index.toString(16).padStart(8, '0')}`,
      revokedAt: now,
      reason: reasons[index % reasons.length] ?? 'unspecified',
    }));
    const began = performance.now();
    const { der: list, pem } = await signer.signRevocationList({
      revocations,
      revoked: revocations.length,
      number: 7,
      updates: { thisUpdate: now, nextUpdate: later(10) },
    });
    t.log(`10,000 entries in ${Math.round(performance.now() - began)} ms`);
    t.deepEqual(rulesOf(Buffer.from(list)), []);
    writeFileSync(path('many.crl'), pem);
    const said = execFileSync(
      'openssl',
      ['crl', '-in', path('many.crl'), '-noout', '-text', '-CAfile', path('pki/ca.crt')],
      {
        encoding: 'utf8',
        stdio: 'pipe',
        maxBuffer: 2 ** 26,
      },
    );
    t.is(said.match(/Serial Number: /g)?.length, revocations.length);
    t.is(said.match(/Key Compromise/g)?.length, revocations.filter(({ reason }) => reason === 'key-compromise').length);
    const shown = execFileSync('certtool', ['--crl-info', '--infile', path('many.crl')], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    t.regex(shown, /Revoked certificates \(10000\)/);
  },
);

test('a file may hold several, each with its place; a key in it is passed over', async (t) => {
  const { write, path, ca } = await bench(t);
  const { certificate, key } = await write('m1');
  const file = path('all.pem');
  const list = readFileSync(path('pki/ca.crl'), 'utf8');
  writeFileSync(file, [certificate, key, ca].map((each) => readFileSync(each, 'utf8')).join('words\n') + list);
  const linted = await lintFile(file);
  t.deepEqual(
    linted.map(({ place, kind }) => [place, kind]),
    [
      [1, 'certificate'],
      [2, 'certificate'],
      [3, 'revocation list'],
    ],
  );
  await t.throwsAsync(lintFile(key), { message: /holds no certificate or revocation list, but: private key/ });
});

test('whatever the octets, there is a finding or a refusal, and never a crash', async (t) => {
  const all = await hostileOctets(t);
  fc.assert(
    fc.property(all, (bytes) => {
      try {
        return lintBytes(bytes, 'it').every(({ findings }) => findings.every(({ message }) => message !== ''));
      } catch (error) {
        return error instanceof PkiError && error.hint !== undefined;
      }
    }),
    { numRuns: 3000 },
  );
  t.pass();
});
