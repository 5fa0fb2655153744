import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { idText, keysWithPrefix } from '#cluster';
import { LocalCluster } from './local-cluster.js';
import { Writers } from './writers.js';

// What was acknowledged stays, whoever is killed. The tests go on with each other's cluster.

let cluster: LocalCluster;

test.before('three members come up', async (t) => {
  t.timeout(120_000);
  cluster = await LocalCluster.start('included', 3);
});

test.after.always('they go down', () => cluster?.stop());

const leader = (): Promise<string> =>
  cluster.as('root', async (client) => {
    const { leader } = await client.status(cluster.endpoints[0] ?? '');
    const name = (await client.memberList()).find(({ id }) => id === leader)?.name;
    if (name === undefined) throw new Error(`no member has the leader's id ${idText(leader)}`);
    return name;
  });

interface Copy {
  readonly revision: number;
  readonly rows: readonly string[];
}

/** What this member has, by its own view. */
async function copyOf(member: string, prefix: string): Promise<Copy> {
  const everything = { ...keysWithPrefix(prefix), serializable: true };
  const { kvs, header } = await cluster.as('root', (client) => client.range(everything), [member]);
  const rows = kvs.map(({ key, value, createRevision, modRevision, version }) =>
    [Buffer.from(key), Buffer.from(value), createRevision, modRevision, version].join(' '),
  );
  return { revision: header.revision, rows };
}

/** All members have the same, and that is every acknowledged key, and nobody else's value. */
async function checkCopies(t: ExecutionContext, prefix: string, acknowledged: ReadonlySet<string>): Promise<void> {
  const deadline = Date.now() + 30_000;
  let copies: readonly Copy[];
  do {
    await delay(20);
    copies = await Promise.all(cluster.members.map((member) => copyOf(member, prefix)));
  } while (new Set(copies.map(({ revision }) => revision)).size > 1 && Date.now() < deadline);
  const [first] = copies;
  for (const copy of copies) t.deepEqual(copy, first);
  const present = new Set((first?.rows ?? []).map((row) => row.split(' ')[0] ?? ''));
  t.deepEqual(
    [...acknowledged].filter((key) => !present.has(key)),
    [],
    'acknowledged, but not there',
  );
  t.true((first?.rows ?? []).every((row) => row.split(' ')[0] === row.split(' ')[1]));
}

/** Kills members under load, brings them back with `quorate up`, and looks for what was acknowledged. */
async function killUnderLoad(t: ExecutionContext, prefix: string, members: readonly string[]): Promise<void> {
  t.timeout(120_000);
  const writers = new Writers(cluster, prefix, 8);
  try {
    await writers.progress(200);
    await cluster.kill(members);
    if (members.length === 1) await writers.progress(200);
    const { code, stderr } = await cluster.quorate('up', '--detach');
    t.is(code, 0, stderr);
    t.regex(stderr, new RegExp(`started ${[...members].sort().join(', ')}`));
    await writers.progress(200);
  } finally {
    await writers.stop();
  }
  t.log(`${writers.acknowledged.size} puts acknowledged`);
  await checkCopies(t, prefix, writers.acknowledged);
}

test.serial('no acknowledged put is lost when the leader is killed under load, and the others go on', async (t) => {
  await killUnderLoad(t, '/app/leader/', [await leader()]);
});

test.serial('no acknowledged put is lost when a follower is killed under load, and the others go on', async (t) => {
  const first = await leader();
  await killUnderLoad(t, '/app/follower/', cluster.members.filter((member) => member !== first).slice(0, 1));
});

test.serial('no acknowledged put is lost when all members are killed at once under load', async (t) => {
  await killUnderLoad(t, '/app/all/', cluster.members);
});

test.serial('who comes back answers nobody before they have what was acknowledged', async (t) => {
  t.timeout(120_000);
  for (const round of ['1', '2']) {
    await cluster.as('app', (client) => client.put('/app/last', round));
    await cluster.kill(cluster.members);
    await Promise.all(cluster.members.map((member) => cluster.startMember(member, {})));
    const firstAnswer = async (member: string): Promise<string | undefined> => {
      for (;;) {
        const answered = await copyOf(member, '/app/last').catch(() => undefined);
        if (answered !== undefined) return answered.rows[0]?.split(' ')[1];
        await delay(5);
      }
    };
    t.deepEqual(
      await Promise.all(cluster.members.map(firstAnswer)),
      cluster.members.map(() => round),
    );
  }
});

test.serial('who is alone answers nobody, and status says why', async (t) => {
  t.timeout(60_000);
  await cluster.kill(cluster.members);
  await cluster.startMember('m1', {});
  await delay(1000);
  t.regex((await cluster.quorate('status')).stdout, /m1 +unreachable .*its process runs: until a majority does/);
  await cluster.kill(['m1'], 'SIGTERM');
  t.regex(cluster.log('m1').trimEnd().split('\n').at(-1) ?? '', /"stopping: told to"/, 'no error');
  t.is((await cluster.quorate('up', '--detach')).code, 0);
});

test.serial('a follower that was away for longer than the log reaches back catches up by a snapshot', async (t) => {
  t.timeout(120_000);
  await cluster.quorate('down');
  const settings = { ETCD_SNAPSHOT_COUNT: '100' };
  await Promise.all(cluster.members.map((member) => cluster.startMember(member, settings)));
  await cluster.quorate('up', '--detach');
  const first = await leader();
  const [away = ''] = cluster.members.filter((member) => member !== first);
  await cluster.kill([away]);
  const writers = new Writers(cluster, '/app/away/', 4, 50);
  try {
    // 5000 entries are kept for those who lag a little.
    await writers.progress(5300);
  } finally {
    await writers.stop();
  }
  t.false(cluster.log(away).includes('installed a snapshot'));
  await cluster.startMember(away, settings);
  const { code, stderr } = await cluster.quorate('up', '--detach');
  t.is(code, 0, stderr);
  await checkCopies(t, '/app/away/', writers.acknowledged);
  t.true(cluster.log(away).includes('installed a snapshot'));
});
