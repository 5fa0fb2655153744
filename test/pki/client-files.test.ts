import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, symlinkSync, writeFileSync } from 'node:fs';
import { makeFolder, PkiError, readClientFiles, replaceFile } from '#pki';
import { judge } from '../judges.js';
import { authority, workshop } from './workshop.js';

const openssl = judge('openssl');

openssl.test('what a client shows is read in PEM and DER, and is of one piece', async (t) => {
  const { path, make } = await workshop(t);
  const ca = make('ca', { extensions: authority });
  const ann = make('ann', { issuer: ca });
  const bob = make('bob', { issuer: ca });
  execFileSync('openssl', ['x509', '-in', ann.certificate, '-outform', 'DER', '-out', path('ann.der')]);
  const read = await readClientFiles({ ca: ca.certificate, certificate: path('ann.der'), key: ann.key });
  for (const pem of [read.ca, read.cert]) t.regex(pem ?? '', /^-----BEGIN CERTIFICATE-----\n/);
  t.regex(read.key ?? '', /^-----BEGIN PRIVATE KEY-----\n/);
  t.deepEqual(await readClientFiles({}), {});

  writeFileSync(path('junk'), 'junk\n');
  execFileSync('openssl', ['pkey', '-in', ann.key, '-aes256', '-passout', 'pass:x', '-out', path('sealed')]);
  for (const [paths, said] of [
    [{ certificate: ann.certificate, key: bob.key }, /bob\.key is not the key of .*ann\.crt/],
    [{ certificate: ann.certificate, key: path('junk') }, /junk holds no private key/],
    [{ certificate: ann.certificate, key: path('sealed') }, /sealed holds no private key that can be read/],
    [{ ca: path('junk') }, /junk/],
    [{ ca: ann.key }, /holds no certificate, but: private key/],
    [{ ca: path('nothing') }, /nothing: there is no such file/],
  ] as const) {
    const error = await t.throwsAsync(readClientFiles(paths), { instanceOf: PkiError });
    t.regex(error.message, said);
  }
});

openssl.test('a pipe stays one, also behind a link, and nothing can be made below /proc', async (t) => {
  const { path } = await workshop(t);
  execFileSync('mkfifo', [path('pipe')]);
  symlinkSync(path('pipe'), path('link'));
  for (const name of ['pipe', 'link'])
    await t.throwsAsync(replaceFile(path(name), 'x', 0o600), {
      message: /is no file, and nothing is put in its place/,
    });
  t.true(lstatSync(path('pipe')).isFIFO() && lstatSync(path('link')).isSymbolicLink());
  await t.throwsAsync(makeFolder('/proc/nothing/can/be/made'), { instanceOf: PkiError });
  await makeFolder(path('a/b/c'));
  t.true(existsSync(path('a/b/c')));
  await t.notThrowsAsync(makeFolder(path('a/b/c')));
});
