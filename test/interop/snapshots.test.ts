import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { everything } from '#cluster';
import { judge } from '../judges.js';
import { type Ended, main, quorate, start } from '../wizard/commands/quorate.js';
import { LocalCluster } from './local-cluster.js';

// conformance: Maintenance.Snapshot Maintenance.HashKV

// Snapshots by command, of both engines and from one to the other, as users do it. The tests go on with each other's clusters.

const etcd = judge('etcd', 'etcdctl');
let ours: LocalCluster;
let theirs: LocalCluster;
let folder: string;
const file = (name: string): string => join(folder, name);

if (etcd.present) {
  test.before('one of each engine comes up', async (t) => {
    t.timeout(120_000);
    folder = await mkdtemp(join(tmpdir(), 'quorate-snapshots-'));
    [ours, theirs] = await Promise.all([LocalCluster.start('included', 3), LocalCluster.start('etcd', 1)]);
  });
  test.after.always('they go down', async () => {
    await Promise.all([ours?.stop(), theirs?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });
}

const succeeded = (t: ExecutionContext, { code, stdout, stderr }: Ended): string => {
  t.is(code, 0, stderr);
  return stdout;
};

const fill = (cluster: LocalCluster, value: string): Promise<unknown> =>
  cluster.as('app', async (client) => {
    for (let n = 0; n < 20; n++) await client.put(`/app/${n % 5}`, `${value} ${n}`);
    await client.delete('/app/3');
  });

const kept = (cluster: LocalCluster) =>
  cluster.as('root', async (client) => {
    const { kvs, header } = await client.range(everything);
    const users = await client.auth.userList();
    return { kvs, revision: header.revision, users, roles: await client.auth.roleList() };
  });

/** Down, the data away, and what the snapshot holds in its place. */
async function replaceBy(
  t: ExecutionContext,
  cluster: LocalCluster,
  snapshot: string,
  ...flags: string[]
): Promise<string> {
  succeeded(t, await cluster.quorate('down'));
  for (const name of cluster.members) {
    await rename(join(cluster.dir, 'data', name), join(folder, `${name}.${Math.random()}.old`));
  }
  const said = succeeded(t, await cluster.quorate('snapshot', 'restore', snapshot, ...flags));
  succeeded(t, await cluster.quorate('up', '--detach'));
  return said;
}

etcd.serial('save says the file that it has written, for its owner only, and status checks it', async (t) => {
  await fill(ours, 'ours');
  const path = file('ours.db');
  t.is(succeeded(t, await ours.quorate('snapshot', 'save', path)), `${path}\n`);
  t.is((await stat(path)).mode & 0o777, 0o600);
  const status = JSON.parse(succeeded(t, await quorate(['snapshot', 'status', path, '--json'])));
  t.like(status, { revision: (await kept(ours)).revision, totalKey: 4, version: '3.6.0', checksum: 'verified' });
  t.regex(
    succeeded(t, await quorate(['snapshot', 'status', path])),
    /^hash {7}[0-9a-f]{8}\nrevision {3}\d+\nkeys {7}4, /,
  );
  t.deepEqual(await readdir(folder), ['ours.db'], 'nothing else is left');
});

etcd.serial('a file that is there is not touched without --force', async (t) => {
  const path = file('ours.db');
  const before = await readFile(path);
  const { code, stderr } = await ours.quorate('snapshot', 'save', path);
  t.is(code, 1);
  t.regex(stderr, /ours\.db is there already\nhint: name another file, or --force/);
  t.deepEqual(await readFile(path), before);
  succeeded(t, await ours.quorate('snapshot', 'save', path, '--force'));
});

etcd.serial('a folder that is not there and an endpoint that is none are said, each with the way out', async (t) => {
  const missing = await ours.quorate('snapshot', 'save', file('none/x.db'));
  t.is(missing.code, 1);
  t.regex(missing.stderr, /none\/x\.db can't be written: there is no such folder\nhint: make it first/);
  const unknown = await ours.quorate('snapshot', 'save', file('x.db'), '--endpoint', 'https://127.0.0.1:1');
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /--endpoint https:\/\/127\.0\.0\.1:1 is no member of the plan\nhint: .*https:/);
});

etcd.serial(
  'restore fills the data of all members, who come up as a new cluster with everything as it was',
  async (t) => {
    t.timeout(120_000);
    const before = await kept(ours);
    const { clusterId } = await ours.as('root', async (client) => (await client.range(everything)).header);
    const refused = await ours.quorate('snapshot', 'restore', file('ours.db'));
    t.is(refused.code, 1);
    t.regex(
      refused.stderr,
      /nothing is restored into .*m1: there is something in it already\nhint: stop the member and move/,
    );
    await fill(ours, 'later, and not in the snapshot');
    await replaceBy(t, ours, file('ours.db'));
    t.deepEqual(await kept(ours), before);
    t.not(await ours.as('root', async (client) => (await client.range(everything)).header.clusterId), clusterId);
    const own = await ours.as('app', (client) => client.get('/app/1'));
    t.is(Buffer.from(own?.value ?? []).toString(), 'ours 16');
  },
);

etcd.serial('what a real etcd had, ours has: from the same command', async (t) => {
  t.timeout(120_000);
  await fill(theirs, 'theirs');
  const path = file('theirs.db');
  succeeded(t, await theirs.quorate('snapshot', 'save', path));
  t.like(JSON.parse(succeeded(t, await quorate(['snapshot', 'status', path, '--json']))), { version: '', totalKey: 4 });
  await replaceBy(t, ours, path);
  t.deepEqual(await kept(ours), await kept(theirs));
});

etcd.serial('what ours had, a real etcd has: etcdctl restores it into the plan', async (t) => {
  t.timeout(120_000);
  await fill(ours, 'and back');
  const path = file('back.db');
  succeeded(t, await ours.quorate('snapshot', 'save', path));
  await replaceBy(t, theirs, path);
  t.deepEqual(await kept(theirs), await kept(ours));
});

etcd.serial('a member of no plan is restored by the flags that it is started with', async (t) => {
  const dataDir = file('elsewhere');
  const flags = ['--name=m2', '--initial-cluster=m1=https://a:2380,m2=https://b:2380'];
  const walDir = file('elsewhere.log');
  const own = ['--initial-advertise-peer-urls=https://b:2380', `--data-dir=${dataDir}`, `--wal-dir=${walDir}`];
  const where = [...flags, ...own];
  const said = JSON.parse(succeeded(t, await quorate(['snapshot', 'restore', file('back.db'), ...where, '--json'])));
  t.like(said, { authEnabled: true, restored: [{ name: 'm2', dataDir }] });
  t.deepEqual(
    said.members.map(({ name }: { name: string }) => name),
    ['m1', 'm2'],
  );
  t.deepEqual((await readdir(dataDir)).sort(), ['restored.json', 'snapshots', 'store']);
  t.true((await readdir(walDir)).length > 0);
  const wrong = await quorate([
    'snapshot',
    'restore',
    file('back.db'),
    ...flags,
    `--data-dir=${dataDir}.2`,
    '--name=m9',
  ]);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /m9/);
});

etcd.serial('half of an option, and a plan that is not there, are wrong usage or refused', async (t) => {
  const half = await quorate(['snapshot', 'restore', file('back.db'), '--bump-revision', '5', '--dir', ours.dir]);
  t.is(half.code, 2);
  t.regex(half.stderr, /--bump-revision and --mark-compacted go together/);
  const none = await quorate(['snapshot', 'restore', file('back.db'), '--dir', file('nowhere')]);
  t.is(none.code, 1);
  t.regex(none.stderr, /there is no plan at/);
});

etcd.serial('a damaged snapshot is named by status, with exit code 1', async (t) => {
  const path = file('damaged.db');
  await writeFile(path, await readFile(file('back.db')));
  await truncate(path, 9000);
  const { code, stderr } = await quorate(['snapshot', 'status', path]);
  t.is(code, 1);
  t.regex(
    stderr,
    /damaged\.db is no sound snapshot: it ends after 9000 bytes, \d+ belong to it\nhint: take another copy/,
  );
});

etcd.serial('Ctrl-C leaves no part of a snapshot behind', async (t) => {
  const names = await readdir(folder);
  await ours.as('app', async (client) => {
    for (let n = 0; n < 40; n++) await client.put(`/app/big/${n}`, 'x'.repeat(1 << 20));
  });
  const saving = start(['snapshot', 'save', file('never.db'), '--dir', ours.dir]);
  const deadline = Date.now() + 20_000;
  while (!(await readdir(folder)).some((name) => name.startsWith('never.db.part')) && Date.now() < deadline);
  saving.kill('SIGINT');
  const { code } = await saving.ended;
  t.is(code, 130);
  t.deepEqual(await readdir(folder), names);
});

// A mount of one's own needs no rights where users may have namespaces of their own.
const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
const mayMount = spawnSync('unshare', [...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp']).status === 0;

judge(...(mayMount ? ['unshare', 'etcd'] : ['the right to mount'])).serial(
  'a full disk is said by save and by restore, and nothing is left there',
  async (t) => {
    const small = await mkdtemp(join(folder, 'small-'));
    const script = `mount -t tmpfs -o size=64k tmpfs "$0" || exit 99
      "$1" "$2" snapshot save "$0/x.db" --dir "$3"; echo "save: $?"
      "$1" "$2" snapshot restore "$4" --data-dir "$0/data" >&2; echo "restore: $?"
      ls -A "$0"`;
    const args = [...namespace, 'sh', '-c', script, small, process.execPath, main, ours.dir, file('back.db')];
    const { stdout, stderr } = await promisify(execFile)('unshare', args);
    t.is(stdout, 'save: 1\nrestore: 1\n', stderr);
    t.regex(stderr, /error: .*x\.db can't be written: no space left there\nhint: free some/);
    t.regex(stderr, /error: no space left for .*data.*\nhint: free some/);
  },
);
