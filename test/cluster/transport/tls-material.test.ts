import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { TlsMaterial } from '../../../cluster/transport/tls-material.js';
import { type Authority, folderOf, issue, makeAuthority } from './certificates.js';
import { eventually, recordingLogger } from './eventually.js';

const pollMs = 20;

function setUp(t: ExecutionContext) {
  const folder = folderOf(t);
  const authority = makeAuthority(folder);
  const files = issue(folder, authority, { name: 'm1' });
  const logger = recordingLogger();
  const material = new TlsMaterial(files, { logger, pollMs });
  t.teardown(() => material.close());
  return { folder, authority, files, logger, material };
}

const serialOf = (file: string): string => new X509Certificate(readFileSync(file)).serialNumber;

const reissue = (folder: string, authority: Authority) => issue(folder, authority, { name: 'm1', file: 'new' });

test('a new pair on disk is taken without being asked for', async (t) => {
  const { folder, authority, files, material, logger } = setUp(t);
  let changes = 0;
  material.onChange(() => changes++);
  const next = reissue(folder, authority);
  const before = material.context;
  renameSync(next.key, files.key);
  renameSync(next.cert, files.cert);
  await eventually('the change', () => changes === 1);
  t.not(material.context, before);
  t.is(material.options.cert, readFileSync(files.cert, 'latin1'));
  t.is(logger.lines.at(-1)?.fields.serial, serialOf(files.cert));
  t.deepEqual(logger.warnings(), []);
});

test('a pair that does not fit is said once, the good one stays, and the repaired one is taken', async (t) => {
  const { folder, authority, files, material, logger } = setUp(t);
  const good = material.context;
  const next = reissue(folder, authority);
  copyFileSync(next.cert, files.cert);
  await eventually('the warning', () => logger.warnings().length > 0);
  for (let look = 0; look < 5; look++) material.refresh();
  t.deepEqual(logger.warnings(), [
    `TLS files changed but can not be used, the old ones stay in use: ${files.key}: does not belong to the certificate in ${files.cert}`,
  ]);
  t.is(material.context, good);
  copyFileSync(next.key, files.key);
  material.refresh();
  t.not(material.context, good);
});

test('a file that is half written is not taken', (t) => {
  const { files, material } = setUp(t);
  const good = material.context;
  const whole = readFileSync(files.cert, 'utf8');
  for (const length of [0, 10, whole.length / 2, whole.length - 20]) {
    writeFileSync(files.cert, whole.slice(0, length));
    material.refresh();
    t.is(material.context, good, `cut off after ${length}`);
  }
});

test('a touched file with the same content is no change', (t) => {
  const { files, material } = setUp(t);
  material.onChange(() => t.fail('changed'));
  writeFileSync(files.cert, readFileSync(files.cert));
  material.refresh();
  t.pass();
});

test('an expired certificate is used, with a warning', (t) => {
  const folder = folderOf(t);
  const files = issue(folder, makeAuthority(folder), { name: 'm1' });
  const logger = recordingLogger();
  new TlsMaterial(files, { logger, now: () => new Date('2200-01-01') }).close();
  t.is(logger.warnings().length, 2);
  t.regex(logger.warnings()[0] ?? '', /m1\.crt: expired on /);
  t.regex(logger.warnings()[1] ?? '', /ca\.crt: expired on /);
});

const refused = test.macro({
  title: (_, reason: RegExp) => `files are refused: ${reason.source}`,
  exec: (t, reason: RegExp, spoil: (files: { cert: string; key: string; ca: string }) => void) => {
    const folder = folderOf(t);
    const authority = makeAuthority(folder);
    const files = { ...issue(folder, authority, { name: 'm1' }), ca: authority.cert };
    spoil(files);
    const error = t.throws(() => new TlsMaterial(files, { logger: recordingLogger() }), { instanceOf: ClusterError });
    t.is(error?.code, 'certificate-refused');
    t.regex(error?.message ?? '', reason);
    t.truthy(error?.hint);
  },
});

test(refused, /m1\.crt: there is no such file$/, (files) => renameSync(files.cert, `${files.cert}.old`));
test(refused, /m1\.key: holds no private key that parses$/, (files) => writeFileSync(files.key, 'nothing'));
test(refused, /m1\.key: needs a passphrase$/, (files) =>
  writeFileSync(files.key, '-----BEGIN ENCRYPTED PRIVATE KEY-----\n'),
);
test(refused, /m1\.crt: holds no certificate$/, (files) => writeFileSync(files.cert, 'nothing'));
test(refused, /m1\.crt: holds something else than whole certificates$/, (files) => copyFileSync(files.key, files.cert));
test(refused, /ca\.crt: holds no certificate$/, (files) => writeFileSync(files.ca, ''));
test(refused, /ca\.crt: holds a certificate that does not parse$/, (files) =>
  writeFileSync(files.ca, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
);
test(refused, /m1\.key: does not belong to the certificate in .*m1\.crt$/, (files) =>
  copyFileSync(`${files.ca.slice(0, -4)}.key`, files.key),
);
