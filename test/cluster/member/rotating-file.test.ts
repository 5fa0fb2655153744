import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { RotatingFile, type Rotation } from '../../../cluster/member/rotating-file.js';
import { temporaryFolder } from '../../certificates.js';

const rotation: Rotation = { bytesMax: 20, filesMax: 2, daysMax: 0, localTime: false, compress: false };
const line = (text: string): Buffer => Buffer.from(`${text}\n`);

/** A clock that moves on by a second with every look at it. */
function clock(): () => Date {
  let seconds = 0;
  return () => new Date(Date.UTC(2026, 10, 26) + 1000 * seconds++);
}

test('a file that would become too large is put aside under the time, and only so many are kept', async (t) => {
  const folder = await temporaryFolder(t);
  const file = new RotatingFile(join(folder, 'audit.log'), rotation, clock());
  for (const digit of '123456') {
    file.append(line(digit.repeat(9)));
    file.append(line(digit.repeat(9)));
  }
  await file.close();
  const names = (await readdir(folder)).sort();
  t.is(names.length, 3);
  t.regex(names[0] ?? '', /^audit-2026-11-26T00-00-\d\d\.000\.log$/);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  t.deepEqual(
    texts.map((text) => text[0]),
    ['4', '5', '6'],
  );
  t.true(texts.every((text) => text.length === 20));
  t.is((await stat(join(folder, 'audit.log'))).mode & 0o777, 0o600);
});

test('what is put aside is compressed when that is asked for', async (t) => {
  const folder = await temporaryFolder(t);
  const file = new RotatingFile(join(folder, 'm.log'), { ...rotation, compress: true }, clock());
  file.append(line('first, and nineteen'));
  await file.appendLater(line('second'));
  await file.close();
  const [aside = '', current] = (await readdir(folder)).sort();
  t.is(current, 'm.log');
  t.true(aside.endsWith('.log.gz'));
  t.is(gunzipSync(await readFile(join(folder, aside))).toString(), 'first, and nineteen\n');
});

test('files older than so many days are removed, and other files are left alone', async (t) => {
  const folder = await temporaryFolder(t);
  const foreign = ['m-notes.log', 'm-2026-11-26.log', 'other-2020-01-01T00-00-00.000.log'];
  for (const name of [...foreign, 'm-2026-11-19T00-00-00.000.log', 'm-2026-11-25T00-00-00.000.log']) {
    await writeFile(join(folder, name), 'x\n');
  }
  const file = new RotatingFile(join(folder, 'm.log'), { ...rotation, filesMax: 0, daysMax: 3 }, clock());
  file.append(line('a'.repeat(19)));
  file.append(line('b'));
  await file.close();
  const names = await readdir(folder);
  t.true(foreign.every((name) => names.includes(name)));
  t.false(names.includes('m-2026-11-19T00-00-00.000.log'));
  t.true(names.includes('m-2026-11-25T00-00-00.000.log'));
});

test('the end of a line that a killed process left is cut off', async (t) => {
  const path = join(await temporaryFolder(t), 'm.log');
  await writeFile(path, `whole\n${'torn'.repeat(50_000)}`);
  const file = new RotatingFile(path, undefined);
  file.append(line('next'));
  await file.close();
  t.is(await readFile(path, 'utf8'), 'whole\nnext\n');
});

test('what is no file is written to, and never put aside', async (t) => {
  const fifo = join(await temporaryFolder(t), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(reader));
  const file = new RotatingFile(fifo, rotation);
  for (const _ of [1, 2]) file.append(line('x'.repeat(30)));
  t.deepEqual(await readdir(dirname(fifo)), ['fifo']);
  await file.close();
});
