import { execFile } from 'node:child_process';
import { appendFile, copyFile, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { connect, type EtcdClient } from '../../../cluster/client/client.js';
import { everything } from '../../../cluster/client/operations.js';
import { readMemberConfig } from '../../../cluster/config/index.js';
import type { ClusterError } from '../../../cluster/errors.js';
import { silentLogger } from '../../../cluster/logger.js';
import { SnapshotReader } from '../../../cluster/maintenance/index.js';
import { Member } from '../../../cluster/member/member.js';
import { type RestoreOrder, restoreSnapshot } from '../../../cluster/member/restore.js';
import { revision } from '../../../cluster/numbers.js';
import { snapshotStatus } from '../../../cluster/snapshots.js';
import { temporaryFolder } from '../../certificates.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { freePort } from '../../ports.js';
import { startMember } from '../api/member.js';
import { access, answersOf, history, saved, signedIn } from './history.js';

// What a snapshot holds, of ours or of a real etcd, is what a cluster of ours begins with.

const run = promisify(execFile);
const etcd = judge('etcd', 'etcdctl');

function clientOf(t: ExecutionContext, endpoint: string): EtcdClient {
  const client = connect({ endpoints: [endpoint] });
  t.teardown(() => client.close());
  return client;
}

interface Place {
  readonly order: RestoreOrder;
  readonly dataDir: string;
  readonly flags: readonly string[];
  readonly endpoint: string;
}

/** Where one member is to be restored to, and the flags that it is started with then. */
async function placeFor(t: ExecutionContext, file: string, rest: Partial<RestoreOrder> = {}): Promise<Place> {
  const dataDir = join(await temporaryFolder(t), 'data');
  const [peerPort, port] = [await freePort(), await freePort()];
  const [peer, endpoint] = [`http://127.0.0.1:${peerPort}`, `http://127.0.0.1:${port}`];
  const members = [{ name: 'm1', peerUrls: [peer] }];
  const targets = [{ name: 'm1', dataDir }];
  const flags = [
    ...['--name=m1', `--data-dir=${dataDir}`, '--initial-cluster-token=t'],
    ...[`--listen-client-urls=${endpoint}`, `--advertise-client-urls=${endpoint}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=m1=${peer}`],
  ];
  return {
    order: { file, members, token: 't', targets, skipHashCheck: false, bump: 0, ...rest },
    dataDir,
    flags,
    endpoint,
  };
}

async function started(t: ExecutionContext, { flags, endpoint }: Place): Promise<EtcdClient> {
  const { config } = readMemberConfig(flags, {});
  const options = { config, logger: silentLogger, version: '0.0.0-test' };
  const member = await Member.start(options, new AbortController().signal);
  t.teardown(() => member.close());
  return clientOf(t, endpoint);
}

const play = async (client: EtcdClient): Promise<void> => {
  for (const step of [...history, ...access]) await step(client);
};

etcd.test(
  'what a real etcd saved, and what it has on its disk, is served by ours: every revision, lease, user and role',
  async (t) => {
    t.timeout(120_000);
    const real = await startEtcd(t);
    const theirs = clientOf(t, real.endpoint);
    await play(theirs);
    const expected = await answersOf(theirs);
    const file = join(await temporaryFolder(t), 'etcd.db');
    await run('etcdctl', ['--endpoints', real.endpoint, 'snapshot', 'save', file]);
    await real.stop();
    const onDisk = join(real.dataFolder, 'member/snap/db');

    for (const [path, skipHashCheck] of [
      [file, false],
      [onDisk, true],
    ] as const) {
      const place = await placeFor(t, path, { skipHashCheck });
      const restored = await restoreSnapshot(place.order);
      t.like(restored, { revision: expected.latest, leases: 1, users: 3, roles: 2, authEnabled: false });
      const ours = await started(t, place);
      t.deepEqual(await answersOf(ours), expected);
      await ours.auth.enable();
      await t.throwsAsync(signedIn(ours, 'ann', 'wrong'), { message: /authentication failed/ });
      await signedIn(ours, 'ann', 'geheim');
      const root = await signedIn(ours, 'root', 'rootpw');
      t.deepEqual(await answersOf(ours, root), expected);
    }
  },
);

etcd.test('from ours to etcd and back to ours nothing is lost, auth switched on included', async (t) => {
  t.timeout(120_000);
  const first = await startMember(t);
  const ours = first.client();
  await play(ours);
  const before = await answersOf(ours);
  await ours.auth.enable();
  const root = await signedIn(ours, 'root', 'rootpw');
  const out = await saved(t, ours, first.endpoint, root.token);
  const real = await startEtcd(t, undefined, out);
  const theirs = clientOf(t, real.endpoint);
  await t.throwsAsync(theirs.get('k0'), { message: /user name is empty/ });
  const theirRoot = await signedIn(theirs, 'root', 'rootpw');
  t.deepEqual(await answersOf(theirs, theirRoot), before);
  const back = await saved(t, theirs, real.endpoint, theirRoot.token);
  const place = await placeFor(t, back);
  t.like(await restoreSnapshot(place.order), { authEnabled: true, users: 3 });
  const again = await started(t, place);
  await t.throwsAsync(again.get('k0'), { message: /user name is empty/ });
  t.deepEqual(await answersOf(again, await signedIn(again, 'root', 'rootpw')), before);
});

etcd.test('the status of a file is what etcdctl says of it', async (t) => {
  const real = await startEtcd(t);
  const theirs = clientOf(t, real.endpoint);
  await play(theirs);
  const member = await startMember(t);
  await play(member.client());
  for (const [client, endpoint] of [
    [theirs, real.endpoint],
    [member.client(), member.endpoint],
  ] as const) {
    const file = await saved(t, client, endpoint);
    const { stdout } = await run('etcdctl', ['snapshot', 'status', file, '-w', 'json']);
    const { hash, revision: latest, totalKey, totalSize } = JSON.parse(stdout) as Record<string, number>;
    const status = await snapshotStatus(file);
    t.like(status, { hash, revision: latest, rows: totalKey, size: totalSize, hasDigest: true });
    t.is(status.keys, (await client.range({ ...everything, countOnly: true })).count);
  }
});

/** A snapshot of ours with all of the history. */
async function snapshotOf(t: ExecutionContext): Promise<string> {
  const member = await startMember(t);
  const client = member.client();
  await play(client);
  return saved(t, client, member.endpoint);
}

test('a raised revision is one that no client has seen, and everything before it is compacted', async (t) => {
  const file = await snapshotOf(t);
  const { revision: latest } = await snapshotStatus(file);
  const place = await placeFor(t, file, { bump: 1_000_000 });
  t.like(await restoreSnapshot(place.order), { revision: latest + 1_000_000 });
  const client = await started(t, place);
  const { kvs, header } = await client.range(everything);
  t.is(Number(header.revision), latest + 1_000_000);
  t.true(kvs.length > 0 && kvs.every(({ modRevision }) => modRevision <= latest));
  await t.throwsAsync(client.range({ ...everything, revision: revision(latest) }), { message: /compacted/ });
  t.is(Number((await client.put('next', '1')).header.revision), latest + 1_000_001);
});

etcd.test(
  'a raised store hashes to what a real etcd has on its snapshot, with the row that etcdutl makes',
  async (t) => {
    const place = await placeFor(t, await snapshotOf(t), { bump: 1000 });
    const { revision: raised } = await restoreSnapshot(place.order);
    const ours = await started(t, place);
    await ours.put('next', '1');
    const file = await saved(t, ours, place.endpoint);
    const snapshot = SnapshotReader.open(file);
    t.teardown(() => snapshot.close());
    const nameless = [...snapshot.changes()].flat().filter(({ key }) => key.length === 0);
    t.deepEqual(
      nameless.map(({ place: { main, sub }, tombstone }) => [main, sub, tombstone]),
      [[raised, 0, false]],
    );
    const hashOf = async (client: EtcdClient, endpoint: string) => {
      const { hash, compactRevision } = await client.hashKeys(endpoint);
      return { hash, compactRevision };
    };
    const real = await startEtcd(t, undefined, file);
    const theirs = clientOf(t, real.endpoint);
    const expected = await hashOf(theirs, real.endpoint);
    t.deepEqual(await hashOf(ours, place.endpoint), expected);
    const again = await placeFor(t, await saved(t, theirs, real.endpoint));
    await restoreSnapshot(again.order);
    t.deepEqual(await hashOf(await started(t, again), again.endpoint), expected);
    t.is((await snapshotStatus(file)).keys, Number((await ours.range({ ...everything, countOnly: true })).count));
  },
);

test('members that are restored apart from one snapshot are one cluster, and not the one that it is of', async (t) => {
  const file = await snapshotOf(t);
  const place = await placeFor(t, file);
  const peers = ['m1', 'm2', 'm3'].map((name, n) => ({ name, peerUrls: [`http://127.0.0.1:${2380 + n}`] }));
  const restoreAs = async (name: string, bump = 0) => {
    const targets = [{ name, dataDir: join(await temporaryFolder(t), 'data') }];
    return restoreSnapshot({ ...place.order, members: peers, targets, bump });
  };
  const [one, two, raised] = [await restoreAs('m1'), await restoreAs('m2'), await restoreAs('m2', 5)];
  t.is(one.clusterId, two.clusterId);
  t.deepEqual(one.members, two.members);
  t.not(raised.clusterId, one.clusterId);
  t.is(new Set(one.members.map(({ id }) => id)).size, 3);
});

const refuses = async (t: ExecutionContext, place: Place, code: string, says: RegExp): Promise<void> => {
  const before = await readdir(join(place.dataDir, '..'));
  const error = await t.throwsAsync<ClusterError>(restoreSnapshot(place.order));
  t.like(error, { code });
  t.regex(error.message, says);
  t.truthy(error.hint);
  t.deepEqual(await readdir(join(place.dataDir, '..')), before, 'nothing is left');
};

test('what is there already is not touched', async (t) => {
  const place = await placeFor(t, await snapshotOf(t));
  await mkdir(place.dataDir);
  await writeFile(join(place.dataDir, 'precious'), 'x');
  await refuses(t, place, 'data-dir-refused', /there is something in it already/);
  t.is(await readFile(join(place.dataDir, 'precious'), 'utf8'), 'x');
});

test('an empty folder is taken, as systemd makes one', async (t) => {
  const place = await placeFor(t, await snapshotOf(t));
  await mkdir(place.dataDir, { mode: 0o700 });
  await restoreSnapshot(place.order);
  t.is((await stat(place.dataDir)).mode & 0o777, 0o700);
  t.true((await (await started(t, place)).range(everything)).count > 0);
});

const damages: Readonly<Record<string, readonly [(path: string) => Promise<unknown>, string, RegExp]>> = {
  'cut off': [(path) => truncate(path, 8192), 'snapshot-damaged', /it ends after \d+ bytes, \d+ belong to it/],
  'without its last bytes': [
    async (path) => truncate(path, (await stat(path)).size - 7),
    'snapshot-refused',
    /it was cut off/,
  ],
  'with a byte more': [(path) => appendFile(path, 'x'), 'snapshot-refused', /does not end with the SHA-256/],
  'with one bit changed': [
    async (path) => {
      const bytes = await readFile(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
      await writeFile(path, bytes);
    },
    'snapshot-damaged',
    /its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}|it was changed/,
  ],
  empty: [(path) => truncate(path, 0), 'snapshot-damaged', /it is empty/],
  'of another kind': [(path) => writeFile(path, 'version: 1\n'), 'snapshot-damaged', /is it a snapshot of etcd\?/],
  'another database': [
    (path) => copyFile('/proc/self/exe', path),
    'snapshot-damaged',
    /neither of its first two pages is a meta page/,
  ],
};

for (const [what, [damage, code, says]] of Object.entries(damages)) {
  test(`nothing is made of a snapshot that is ${what}`, async (t) => {
    const file = await snapshotOf(t);
    await damage(file);
    await refuses(t, await placeFor(t, file), code, says);
  });
}

test('nothing is left of a restore that is cancelled', async (t) => {
  const place = await placeFor(t, await snapshotOf(t));
  const controller = new AbortController();
  const progress = (): void => controller.abort();
  const error = await t.throwsAsync<ClusterError>(
    restoreSnapshot(place.order, { signal: controller.signal, progress }),
  );
  t.is(error.code, 'cancelled');
  t.deepEqual(await readdir(join(place.dataDir, '..')), []);
});
