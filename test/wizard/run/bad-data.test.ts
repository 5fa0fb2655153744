import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { connectAsRoot } from '../../../wizard/run/cluster-client.js';
import { judge } from '../../judges.js';
import { temporaryFolder } from '../apply/folder.js';
import { main, quorate } from '../commands/quorate.js';
import { appliedCluster, type TestCluster } from './cluster.js';

const keys = 20;

async function asRoot<Result>(
  cluster: TestCluster,
  work: (client: Awaited<ReturnType<typeof connectAsRoot>>) => Promise<Result>,
): Promise<Result> {
  const { plan } = parsePlanText(readFileSync(cluster.at('quorate.yaml'), 'utf8'), 'quorate.yaml');
  const client = await connectAsRoot(plan, cluster.dir);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

const put = (cluster: TestCluster): Promise<void> =>
  asRoot(cluster, async (client) => {
    for (let key = 0; key < keys; key += 1) await client.put(`k${key}`, 'x'.repeat(2000));
  });

const missing = (cluster: TestCluster): Promise<readonly string[]> =>
  asRoot(cluster, async (client) => {
    const absent: string[] = [];
    for (let key = 0; key < keys; key += 1) if ((await client.get(`k${key}`)) === undefined) absent.push(`k${key}`);
    return absent;
  });

const up = (cluster: TestCluster) => cluster.run(['up', '--detach']);

function overwrite(path: string, at: number, bytes: Uint8Array): void {
  writeSync(openSync(path, 'r+'), bytes, 0, bytes.length, at);
}

const log = 'log/0000000000000001.segment';
const store = 'store/data.mdb';

/** Ways to damage a member's data (given its folder), and what the member says of each. */
const damages: readonly (readonly [title: string, damage: (data: string) => void, said: RegExp])[] = [
  [
    'a log that is damaged in the middle',
    (data) => overwrite(join(data, log), 9000, Buffer.alloc(64, 'X')),
    /\.segment: the record at offset \d+ is damaged: a later one, at \d+, proves that it was durable\nhint: do not repair the file/,
  ],
  [
    'a log that is gone',
    (data) => rmSync(join(data, 'log'), { recursive: true }),
    /is not whole: its state goes up to entry \d+, but there is no log in .*\nhint: restore the folder/,
  ],
  [
    'a store file of random bytes',
    (data) => overwrite(join(data, store), 0, Buffer.alloc(8192, 0x5a)),
    /data\.mdb is no usable store file: .*\nhint: /,
  ],
  [
    'a store file that was cut short',
    (data) => truncateSync(join(data, store), 20_000),
    /data\.mdb is no usable store file: its end is missing\nhint: /,
  ],
  [
    'a file in the place of its folder',
    (data) => {
      rmSync(data, { recursive: true });
      writeFileSync(data, '');
    },
    /the data directory .*\/m1 can't be used: .* no folder\nhint: /,
  ],
];

test('a member on damaged data does not start and says what, where and what to do; undamaged, it has everything', async (t) => {
  t.timeout(120_000);
  const cluster = await appliedCluster(t);
  t.is((await up(cluster)).code, 0);
  await put(cluster);
  t.is((await cluster.run(['down'])).code, 0);
  const [data, whole] = [cluster.at('data/m1'), cluster.at('whole')];
  cpSync(data, whole, { recursive: true });
  for (const [title, damage, said] of damages) {
    damage(data);
    const { code, stdout, stderr } = await up(cluster);
    t.deepEqual([code, stdout], [1, ''], title);
    t.regex(stderr, /^error: member m1 ended with code [12]: /, title);
    t.regex(stderr, said, title);
    rmSync(data, { recursive: true });
    cpSync(whole, data, { recursive: true });
  }
  t.is((await up(cluster)).code, 0);
  t.deepEqual(await missing(cluster), []);
});

test('a store file that is gone is made again from the log', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await up(cluster)).code, 0);
  await put(cluster);
  t.is((await cluster.run(['down'])).code, 0);
  rmSync(cluster.at('data/m1/store'), { recursive: true });
  const { code, stderr } = await up(cluster);
  t.is(code, 0, stderr);
  t.deepEqual(await missing(cluster), []);
});

test("a member on another member's data, or another cluster's, names both and leaves the data alone", async (t) => {
  t.timeout(120_000);
  const cluster = await appliedCluster(t, { count: 3 });
  t.is((await up(cluster)).code, 0);
  await put(cluster);
  t.is((await cluster.run(['down'])).code, 0);
  const swap = () => {
    for (const [from, to] of [
      ['m1', 'm'],
      ['m2', 'm1'],
      ['m', 'm2'],
    ] as const) {
      cpSync(cluster.at(`data/${from}`), cluster.at(`data/${to}`), { recursive: true });
      rmSync(cluster.at(`data/${from}`), { recursive: true });
    }
  };
  swap();
  const anothers = await up(cluster);
  t.is(anothers.code, 1);
  t.regex(
    anothers.stderr,
    /data\/(m1|m2) holds the data of another member: member m[12] \([0-9a-f]+\) of cluster [0-9a-f]+; this is m[12] .*\nhint: check --data-dir/,
  );
  swap();
  cluster.writePlan((plan) => plan.replace('name: demo', 'name: other'));
  const foreign = await up(cluster);
  t.is(foreign.code, 1);
  t.regex(foreign.stderr, /data\/m\d holds the data of another cluster: member m\d .*; this is m\d .*\nhint: /);
  cluster.writePlan((plan) => plan.replace('name: other', 'name: demo'));
  t.is((await up(cluster)).code, 0);
  t.deepEqual(await missing(cluster), []);
});

test('a second member on the same data is refused, named with the process that has it, and the first goes on', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await up(cluster)).code, 0);
  const url = 'http://127.0.0.1:1';
  const args = [
    'serve',
    '--data-dir',
    cluster.at('data/m1'),
    '--listen-client-urls',
    url,
    '--advertise-client-urls',
    url,
  ];
  const { code, stderr } = await quorate(args);
  t.is(code, 1);
  t.regex(
    stderr,
    new RegExp(
      `error: \\S+ \\(pid ${cluster.pid('m1')}\\) uses the data in .*/data/m1\nhint: stop the member that runs on it`,
    ),
  );
  await put(cluster);
  t.deepEqual(await missing(cluster), []);
});

/** Flags and files that `serve` refuses as wrong usage, before it makes anything. */
const wrongUsage: readonly (readonly [title: string, args: (folder: string) => readonly string[], said: RegExp])[] = [
  ['an unknown flag', () => ['--nmae', 'm1'], /^error: flag provided but not defined: --nmae\nhint: /],
  ['a flag without its value', () => ['--name'], /^error: flag needs an argument: --name\n/],
  [
    'an initial-access file that is not there',
    (folder) => ['--initial-access-file', join(folder, 'none')],
    /^error: --initial-access-file .*none: there is no such file\nhint: /,
  ],
  [
    'an initial-access file that is a folder',
    (folder) => ['--initial-access-file', folder],
    /: it is a folder\nhint: /,
  ],
  [
    'an initial-access file of garbage',
    (folder) => ['--initial-access-file', join(folder, 'garbage')],
    /garbage: it is not JSON\nhint: /,
  ],
  [
    'an initial-access file with wrong fields',
    (folder) => ['--initial-access-file', join(folder, 'fields')],
    /fields: roles: .*; users: .*; enable: .*\nhint: /,
  ],
  [
    'an initial-access file with a role that is not declared',
    (folder) => ['--initial-access-file', join(folder, 'role')],
    /role: user "u" is to have role "r", which is not declared\nhint: /,
  ],
];

for (const [title, args, said] of wrongUsage) {
  test(`serve refuses ${title} with exit code 2 and makes no data`, async (t) => {
    const folder = dirOfFiles(t);
    const data = join(folder, 'data');
    const { code, stderr } = await quorate(['serve', '--data-dir', data, ...args(folder)]);
    t.is(code, 2, stderr);
    t.regex(stderr, said);
    t.throws(() => readFileSync(data), { code: 'ENOENT' });
  });
}

function dirOfFiles(t: ExecutionContext): string {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'garbage'), '\0{');
  writeFileSync(join(folder, 'fields'), '{}');
  const users = [{ name: 'u', roles: ['r'], passwordHash: '' }];
  writeFileSync(join(folder, 'role'), JSON.stringify({ roles: [], users, enable: false }));
  return folder;
}

// A mount of one's own needs no rights where users may have namespaces of their own.
const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
const mayMount = spawnSync('unshare', [...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp']).status === 0;
const fill = fileURLToPath(new URL('fill-disk.js', import.meta.url));

judge(mayMount ? 'unshare' : 'the right to mount').test(
  'a member whose disk fills while it serves stops with the reason, and with room again it has all that was acknowledged',
  async (t) => {
    t.timeout(120_000);
    const cluster = await appliedCluster(t);
    mkdirSync(cluster.at('data'), { recursive: true });
    const script = `mount -t tmpfs -o size=3m tmpfs "$0/data" || exit 99
      "$1" "$2" up --detach --dir "$0" >&2; echo "up: $?"
      count=$("$1" "$3" put "$0"); echo "acknowledged: $count"
      "$1" "$2" down --dir "$0" >&2
      mount -o remount,size=64m "$0/data"
      "$1" "$2" up --detach --dir "$0" >&2; echo "again: $?"
      "$1" "$3" check "$0" "$count"; echo "all there: $?"
      "$1" "$2" down --dir "$0" >&2`;
    const args = [...namespace, 'sh', '-c', script, cluster.dir, process.execPath, main, fill];
    const { stdout, stderr } = await promisify(execFile)('unshare', args);
    t.regex(stdout, /^up: 0\nacknowledged: [1-9]\d*\nagain: 0\nall there: 0\n$/, stderr);
    t.regex(
      readFileSync(cluster.at('run/m1.log'), 'utf8'),
      /\nerror: .*no space left.*\nhint: .*start the member again; nothing that was acknowledged is lost\n/,
    );
  },
);
