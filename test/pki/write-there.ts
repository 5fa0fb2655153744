// Run by files.test.ts where no test can be: writes a new file and prints what came of it.
import { PkiError, writeNew } from '#pki';

const [path = '', size = '1'] = process.argv.slice(2);
try {
  await writeNew(path, 'x'.repeat(Number(size)), 0o600);
  process.stdout.write('written');
} catch (error) {
  if (!(error instanceof PkiError)) throw error;
  process.stdout.write(`${error.code}: ${error.message} (${error.hint})`);
}
