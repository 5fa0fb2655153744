import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { idOf } from '../../../cluster/transport/certificate-id.js';
import { readCrls } from '../../../cluster/transport/crl.js';
import { Revocation } from '../../../cluster/transport/revocation.js';
import { judge } from '../../judges.js';
import { type Authority, folderOf, issue, makeAuthority } from './certificates.js';
import { type ListOptions, Revocations } from './revocations.js';

const certificateIn = (file: string) => new X509Certificate(readFileSync(file));

function setUp(t: ExecutionContext) {
  const folder = folderOf(t);
  const authority = makeAuthority(folder);
  const [good, bad] = ['good', 'bad'].map((name) => certificateIn(issue(folder, authority, { name }).cert));
  const revocations = new Revocations(folder, authority);
  revocations.revoke(join(folder, 'bad.crt'));
  const list = join(folder, 'ca.crl');
  const written = (options: ListOptions = {}): Buffer => {
    revocations.write(list, options);
    return readFileSync(list);
  };
  const root = certificateIn(authority.cert);
  return { folder, authority, root, good: good ?? root, bad: bad ?? root, revocations, written };
}

const revoked = (content: Buffer, authorities: readonly X509Certificate[], ...chain: readonly X509Certificate[]) =>
  new Revocation(readCrls(content, authorities)).revokedOf(chain.map(idOf))?.subject;

for (const form of ['PEM', 'DER'] as const) {
  test(`a list that openssl writes as ${form} names what it names, and nothing else`, (t) => {
    const { root, good, bad, written } = setUp(t);
    const content = written({ form });
    t.is(revoked(content, [root], bad), 'CN=bad');
    t.is(revoked(content, [root], good, root), undefined);
  });
}

test('an empty list revokes nobody, and lists of several authorities may lie in one file', (t) => {
  const { folder, root, bad, written } = setUp(t);
  const other = makeAuthority(folder, 'other');
  const empty = new Revocations(folder, other);
  const file = join(folder, 'other.crl');
  empty.write(file);
  const both = Buffer.concat([readFileSync(file), written()]);
  const [, ours] = [certificateIn(other.cert), root];
  t.is(revoked(readFileSync(file), [certificateIn(other.cert)], bad), undefined);
  t.is(revoked(both, [certificateIn(other.cert), ours], bad), 'CN=bad');
});

test('the same serial number of another authority is not revoked', (t) => {
  const { folder, root, bad, written } = setUp(t);
  const other = makeAuthority(folder, 'other');
  const twin = join(folder, 'twin');
  issue(folder, other, { name: 'twin' });
  const serial = `0x${bad.serialNumber}`;
  const signed = ['-CA', other.cert, '-CAkey', other.key, '-set_serial', serial, '-out', `${twin}.crt`];
  execFileSync('openssl', ['x509', '-req', '-in', `${twin}.csr`, ...signed], { stdio: 'pipe' });
  t.is(certificateIn(`${twin}.crt`).serialNumber, bad.serialNumber);
  t.is(revoked(written(), [root, certificateIn(other.cert)], certificateIn(`${twin}.crt`)), undefined);
});

test('whoever is signed by a revoked authority is revoked along with it', (t) => {
  const { folder, authority, root, revocations, written } = setUp(t);
  const between = makeBetween(folder, authority);
  const leaf = certificateIn(issue(folder, between, { name: 'leaf' }).cert);
  revocations.revoke(between.cert);
  t.is(revoked(written(), [root], leaf, certificateIn(between.cert), root), 'CN=between');
});

function makeBetween(folder: string, { cert, key }: Authority): Authority {
  const files = { cert: join(folder, 'between.crt'), key: join(folder, 'between.key') };
  issue(folder, { cert, key }, { name: 'between' });
  return files;
}

const keys: Readonly<Record<string, readonly string[]>> = {
  'RSA with SHA-256': ['-newkey', 'rsa:2048'],
  'ECDSA with P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  Ed25519: ['-newkey', 'ed25519'],
};

function authorityOf(folder: string, newKey: readonly string[]): Authority {
  const [cert, key] = [join(folder, 'own.crt'), join(folder, 'own.key')];
  const args = ['req', '-x509', ...newKey, '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=own', '-days', '2'];
  execFileSync('openssl', args, { stdio: 'pipe' });
  return { cert, key };
}

for (const [name, newKey] of Object.entries(keys)) {
  test(`a signature is verified: ${name}`, (t) => {
    const folder = folderOf(t);
    const authority = authorityOf(folder, newKey);
    const list = join(folder, 'own.crl');
    new Revocations(folder, authority).write(list, { form: 'DER' });
    const content = readFileSync(list);
    t.is(readCrls(content, [certificateIn(authority.cert)]).length, 1);
    content[content.length - 1] = (content.at(-1) ?? 0) ^ 1;
    t.throws(() => readCrls(content, [certificateIn(authority.cert)]), { message: /signature is not that/ });
  });
}

test('a signature is verified: RSA-PSS', (t) => {
  const folder = folderOf(t);
  const authority = authorityOf(folder, ['-newkey', 'rsa:2048']);
  const list = join(folder, 'own.crl');
  const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'];
  new Revocations(folder, authority).write(list, { options: pss });
  t.is(readCrls(readFileSync(list), [certificateIn(authority.cert)]).length, 1);
});

judge('certtool').test('a list that certtool writes is read', (t) => {
  const { folder, authority, root, bad } = setUp(t);
  const template = join(folder, 'crl.tmpl');
  writeFileSync(template, 'crl_next_update = 5\ncrl_number = 7\n');
  const list = join(folder, 'certtool.crl');
  const signer = ['--load-ca-privkey', authority.key, '--load-ca-certificate', authority.cert];
  const which = ['--load-certificate', join(folder, 'bad.crt'), '--template', template, '--outfile', list];
  execFileSync('certtool', ['--generate-crl', ...signer, ...which], { stdio: 'pipe' });
  t.is(revoked(readFileSync(list), [root], bad), 'CN=bad');
});

const unusable = test.macro({
  title: (_, reason: RegExp) => `a list is refused: ${reason.source}`,
  exec: (t, reason: RegExp, make: (set: ReturnType<typeof setUp>) => [Buffer, readonly X509Certificate[]]) => {
    const [content, authorities] = make(setUp(t));
    t.throws(() => readCrls(content, authorities), { message: reason });
  },
});

test(unusable, /signed by an authority that is not trusted here/, ({ folder, written }) => [
  written(),
  [certificateIn(makeAuthority(folder, 'other').cert)],
]);
test(unusable, /signature is not that of the authority that it names/, ({ folder, written }) => [
  written(),
  // An authority of the same name.
  [certificateIn(makeAuthority(join(folder, 'elsewhere')).cert)],
]);
test(unusable, /changes to another list only/, ({ root, written }) => [
  written({ extensions: '2.5.29.27 = critical,DER:02:01:01' }),
  [root],
]);
test(unusable, /other authorities' certificates/, ({ root, written }) => [
  written({ extensions: '2.5.29.28 = critical,DER:30:03:84:01:FF' }),
  [root],
]);
test(unusable, /critical extension that is not understood \(1\.2\.3\.4\)/, ({ root, written }) => [
  written({ extensions: '1.2.3.4 = critical,DER:05:00' }),
  [root],
]);
test(unusable, /something else than whole revocation lists/, ({ root, authority }) => [
  readFileSync(authority.cert),
  [root],
]);
test(unusable, /than whole revocation lists/, ({ root }) => [Buffer.alloc(0), [root]]);

test('a list that is cut off or altered anywhere is refused, and never crashes the reader', (t) => {
  const { root, written } = setUp(t);
  const whole = written({ form: 'DER' });
  for (let at = 0; at < whole.length; at++) {
    t.throws(() => readCrls(whole.subarray(0, at), [root]), { instanceOf: Error }, `cut off after ${at}`);
    const altered = Buffer.from(whole);
    altered[at] = (altered[at] ?? 0) ^ 0x55;
    t.throws(() => readCrls(altered, [root]), { instanceOf: Error }, `altered at ${at}`);
  }
});
