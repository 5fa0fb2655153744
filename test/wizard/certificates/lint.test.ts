import { symlinkSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { bench } from '../../pki/setting.js';
import { quorate } from '../commands/quorate.js';

test('every file is looked at, what can not be is said, and the exit code tells', async (t) => {
  const { ca, path, write } = await bench(t);
  const { certificate, key } = await write('m1');
  const fine = await quorate(['cert', 'lint', certificate, ca, path('pki/ca.crl')]);
  t.is(fine.code, 0);
  t.regex(fine.stdout, /^ok .*m1\.crt: a certificate\nok .*ca\.crt: a certificate\nok .*ca\.crl: a revocation list\n$/);
  t.regex(fine.stderr, /^3 looked at: 0 errors, 0 warnings\n$/);

  writeFileSync(path('junk.der'), Buffer.from([0x30, 0x03, 0x02, 0x01, 0x05]));
  writeFileSync(path('words.crt'), 'Dear administrator');
  symlinkSync('/dev/zero', path('endless.crt'));
  const files = [path('junk.der'), path('words.crt'), key, path('none.crt'), path('endless.crt'), certificate];
  const bad = await quorate(['cert', 'lint', ...files]);
  t.is(bad.code, 1);
  for (const said of [
    /error .*junk\.der: it is no certificate in DER: .* \[readable, RFC 5280 4\.1\]/,
    /error .*words\.crt holds no certificate or revocation list\n {4}next: in PEM it begins with/,
    /error .*m1\.key holds no certificate or revocation list, but: private key\n/,
    /error cannot read .*none\.crt: there is no such file\n/,
    /error .*endless\.crt has more than 67108864 bytes\n/,
    /ok .*m1\.crt: a certificate\n/,
  ]) {
    t.regex(bad.stdout, said);
  }
  const {
    errors,
    warnings,
    files: told,
  } = JSON.parse((await quorate(['cert', 'lint', '--json', ...files.slice(0, 2)])).stdout);
  t.deepEqual([errors, warnings, told.length, told[0].linted[0].findings[0].rule], [2, 0, 2, 'readable']);
});
