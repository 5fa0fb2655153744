import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32c } from '@node-rs/crc32';
import test from 'ava';
import fc from 'fast-check';
import { pageKinds, type Row, readPageHeader } from '../../../cluster/bolt/format.js';
import { ClusterError } from '../../../cluster/errors.js';
import { judge } from '../../judges.js';
import { boltFile, type Content, numbered, readAll, row } from './files.js';

const run = promisify(execFile);
const etcdctl = judge('etcdctl');

const contents: Readonly<Record<string, Content>> = {
  'no bucket at all': {},
  'empty buckets': { alarm: [], members: [] },
  'small buckets, which lie inside their parent': { auth: [row('authEnabled', '\x01')], meta: [row('term', 'x')] },
  'so many small buckets that the root has branches': Object.fromEntries(
    Array.from({ length: 60 }, (_, n) => [`bucket-${String(n).padStart(2, '0')}`, numbered(8, 60)]),
  ),
  'a bucket of one page': { key: numbered(30, 40) },
  'a branch of two pages': { key: numbered(100, 40) },
  'branches over branches': { key: numbered(40_000, 40) },
  'rows longer than a page': { key: numbered(40, 10, 5000, 20_000, 0) },
  'a row of a megabyte': { key: numbered(3, 1 << 20) },
  'keys longer than half a page': {
    authUsers: Array.from({ length: 400 }, (_, n) => row(`${String(n).padStart(5, '0')}${'u'.repeat(3000)}`, 'user')),
  },
};

/** What etcdctl makes of a file's rows. */
function hashOf(content: Content): number {
  const names = Object.keys(content).sort();
  const rows = (name: string): Buffer => Buffer.concat((content[name] ?? []).flatMap((each: Row) => [...each]));
  return names.reduce((hash, name) => crc32c(rows(name), crc32c(name, hash)), 0);
}

for (const [what, content] of Object.entries(contents)) {
  test(`${what}: reading gives what was written`, async (t) => {
    const expected = Object.entries(content).map(([name, rows]) => [
      name,
      rows.map((each) => each.map((bytes) => Buffer.from(bytes).toString('latin1'))),
    ]);
    t.deepEqual(readAll(await boltFile(t, content)), Object.fromEntries(expected));
  });
  // etcdctl reads rows of the bucket `key` as revisions.
  if (content.key !== undefined) continue;
  etcdctl.test(`${what}: etcdctl finds the file sound and its rows the same`, async (t) => {
    const { stdout } = await run('etcdctl', ['snapshot', 'status', await boltFile(t, content), '-w', 'json']);
    const { hash, totalKey } = JSON.parse(stdout) as { hash: number; totalKey: number };
    t.is(hash, hashOf(content));
    t.is(totalKey, Object.values(content).flat().length);
  });
}

test('pages of other sizes are read and written', async (t) => {
  const content = { key: numbered(3000, 100) };
  const expected = readAll(await boltFile(t, content));
  for (const pageBytes of [512, 1024, 16_384]) t.deepEqual(readAll(await boltFile(t, content, pageBytes)), expected);
});

test('no branch has a single child, below which bbolt could not delete', async (t) => {
  for (let count = 3; count < 700; count += 29) {
    const path = await boltFile(t, { key: numbered(count, 300) }, 512);
    const file = await readFile(path);
    for (let at = 0; at < file.length; at += 512) {
      const { kind, count: children } = readPageHeader(file.subarray(at));
      if (kind === pageKinds.branch && children < 2) t.fail(`${count} rows, page ${at / 512}`);
    }
  }
  t.pass();
});

test('any rows come back', async (t) => {
  const bytes = (max: number) => fc.uint8Array({ minLength: 1, maxLength: max });
  const rows = fc
    .uniqueArray(fc.tuple(bytes(80), bytes(900)), { selector: ([key]) => Buffer.from(key).toString('latin1') })
    .map((all) => all.sort(([a], [b]) => Buffer.compare(a, b)));
  await fc.assert(
    fc.asyncProperty(rows, async (all) => {
      const latin = all.map((each) => each.map((part) => Buffer.from(part).toString('latin1')));
      t.deepEqual(readAll(await boltFile(t, { key: all }, 512)), { key: latin });
    }),
    { numRuns: 60 },
  );
});

const refusal = (error: unknown): string => {
  if (!(error instanceof ClusterError)) throw error;
  return `${error.code}: ${error.message}`;
};

test('whatever byte of a file is changed, reading ends, with an error of ours or with rows', async (t) => {
  const path = await boltFile(
    t,
    { auth: numbered(3, 5), key: numbered(60, 200), lease: [], meta: numbered(40, 40) },
    512,
  );
  const sound = await readFile(path);
  const damagedPath = `${path}.damaged`;
  const said: string[] = [];
  for (let at = 0; at < sound.length; at += 11) {
    const bytes = Buffer.from(sound);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    await writeFile(damagedPath, bytes);
    try {
      readAll(damagedPath);
    } catch (error) {
      said.push(refusal(error));
    }
  }
  t.true(said.length > 100, String(said.length));
  t.deepEqual(
    said.filter((text) => !/^snapshot-damaged: .*written\.db\.damaged is no sound snapshot: /.test(text)),
    [],
  );
});

const corruptions: readonly (readonly [what: string, change: (page: (id: number) => Buffer) => void, says: RegExp])[] =
  [
    [
      'a branch that leads to itself',
      (page) => page(branchOf(page)).writeBigUInt64LE(BigInt(branchOf(page)), 24),
      /page \d+ is met twice/,
    ],
    [
      'a branch that leads past the end',
      (page) => page(branchOf(page)).writeBigUInt64LE(9999n, 24),
      /page 9999 is asked for, of \d+/,
    ],
    [
      'a branch that leads to a meta page',
      (page) => page(branchOf(page)).writeBigUInt64LE(1n, 24),
      /page 1 is asked for/,
    ],
    ['a page with another number', (page) => page(3).writeBigUInt64LE(4n, 0), /page 3 says that it is page 4/],
    [
      'a page that goes on past the end',
      (page) => page(3).writeUInt32LE(0xffffffff, 12),
      /page 3 goes on over 4294967295 more/,
    ],
    ['a leaf with more rows than room', (page) => page(3).writeUInt16LE(0xffff, 10), /page 3 claims 65535 elements/],
    [
      'a row outside of its page',
      (page) => page(3).writeUInt32LE(0x7fffffff, 20),
      /element 0 of page 3 is not inside it/,
    ],
    ['a page of no kind', (page) => page(3).writeUInt16LE(0x40, 8), /page 3 is of kind 64/],
  ];

const branchOf = (page: (id: number) => Buffer): number => {
  for (let id = 3; ; id++) if (readPageHeader(page(id)).kind === pageKinds.branch) return id;
};

for (const [what, change, says] of corruptions) {
  test(`${what} is named`, async (t) => {
    const path = await boltFile(t, { key: numbered(200, 100) });
    const file = await readFile(path);
    change((id) => file.subarray(id * 4096, (id + 1) * 4096));
    await writeFile(path, file);
    t.regex(refusal(t.throws(() => readAll(path))), says);
  });
}

test('a file that is cut off says how much is missing', async (t) => {
  const path = await boltFile(t, { key: numbered(200, 100) });
  const file = await readFile(path);
  await writeFile(path, file.subarray(0, file.length - 4096));
  t.regex(refusal(t.throws(() => readAll(path))), /it ends after \d+ bytes, \d+ belong to it/);
});

for (const [what, bytes, says] of [
  ['an empty file', '', /it is empty/],
  ['a text', 'version: 1\n'.repeat(1000), /neither of its first two pages is a meta page of a bbolt file/],
  ['a few bytes', 'x', /neither of its first two pages/],
] as const) {
  test(`${what} is no snapshot`, async (t) => {
    const path = await boltFile(t, {});
    await writeFile(path, bytes);
    t.regex(refusal(t.throws(() => readAll(path))), says);
  });
}

test('a folder and a missing file are told apart from a damaged one', async (t) => {
  const path = await boltFile(t, {});
  t.regex(refusal(t.throws(() => readAll(`${path}.none`))), /^snapshot-refused: .*there is no such file/);
  t.regex(refusal(t.throws(() => readAll('/tmp'))), /^snapshot-refused: .*(it is a folder|it is no file)/);
});
