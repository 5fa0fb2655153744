import test, { type ExecutionContext } from 'ava';
import { noMember } from '../../../../cluster/numbers.js';
import type { AlarmKind } from '../../../../cluster/operations/maintenance.js';
import { startEtcd } from '../../../etcd.js';
import { judge } from '../../../judges.js';
import { startFront } from './front.js';

const ask = async (url: string, method = 'GET'): Promise<readonly [status: number, body: string]> => {
  const response = await fetch(url, { method, headers: { connection: 'close' } });
  return [response.status, await response.text()];
};

const raise = (front: Awaited<ReturnType<typeof startFront>>, alarm: AlarmKind) =>
  front.log.propose({ kind: 'alarm', change: 'activate', alarm, member: front.log.status().memberId }, undefined);

test('/health says true while a linearizable read goes through', async (t) => {
  const { url, log } = await startFront(t);
  t.deepEqual(await ask(`${url}/health`), [200, '{"health":"true","reason":""}']);
  t.is(log.linearized, 1);
});

test('/health without a leader is 503 with the reason, and serializable asks only whether the member is up', async (t) => {
  const { url, log } = await startFront(t);
  log.leader = noMember;
  t.deepEqual(await ask(`${url}/health`), [503, '{"health":"false","reason":"RAFT NO LEADER"}\n']);
  t.is((await ask(`${url}/health?serializable=true`))[0], 200);
});

test('/health tells what a read failed with', async (t) => {
  const { url, log } = await startFront(t);
  Object.defineProperty(log, 'status', { value: () => ({ leader: 1n }) });
  log.leader = noMember;
  t.is((await ask(`${url}/health`))[1], '{"health":"false","reason":"RANGE ERROR:etcdserver: no leader"}\n');
});

test('/readyz names each check that fails, and with verbose each that does not', async (t) => {
  const { url, log } = await startFront(t);
  t.deepEqual(await ask(`${url}/readyz`), [200, 'ok\n']);
  t.deepEqual(await ask(`${url}/readyz?verbose`), [
    200,
    '[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n',
  ]);
  log.leader = noMember;
  const failed = '[-]linearizable_read failed: etcdserver: no leader\n';
  t.deepEqual(await ask(`${url}/readyz`), [
    503,
    `[+]data_corruption ok\n[+]serializable_read ok\n${failed}[+]non_learner ok\n\n`,
  ]);
  t.deepEqual(await ask(`${url}/readyz?exclude=linearizable_read&exclude=nothing`), [200, 'ok\n']);
  t.deepEqual(await ask(`${url}/readyz/linearizable_read`), [503, `${failed}\n`]);
  t.deepEqual(await ask(`${url}/readyz/non_learner?verbose`), [200, '[+]non_learner ok\nok\n']);
  t.deepEqual(await ask(`${url}/livez?verbose`), [200, '[+]serializable_read ok\nok\n']);
  t.deepEqual(await ask(`${url}/livez/serializable_read`), [200, 'ok\n']);
});

test('a learner is not ready', async (t) => {
  const { url, state } = await startFront(t);
  Object.defineProperty(state.members, 'member', { value: () => ({ isLearner: true }) });
  t.deepEqual(await ask(`${url}/readyz/non_learner`), [503, '[-]non_learner failed: not supported for learner\n\n']);
});

test('an alarm makes /health false unless it is excluded, and CORRUPT fails a check of /readyz', async (t) => {
  const front = await startFront(t);
  await raise(front, 'no-space');
  t.deepEqual(await ask(`${front.url}/health`), [503, '{"health":"false","reason":"ALARM NOSPACE"}\n']);
  t.is((await ask(`${front.url}/health?exclude=NOSPACE`))[0], 200);
  t.is((await ask(`${front.url}/readyz`))[0], 200);
  await raise(front, 'corrupt');
  t.is((await ask(`${front.url}/health?exclude=NOSPACE`))[1], '{"health":"false","reason":"ALARM CORRUPT"}\n');
  t.deepEqual(await ask(`${front.url}/readyz/data_corruption`), [
    503,
    '[-]data_corruption failed: alarm activated: CORRUPT\n\n',
  ]);
});

test('/version names the etcd that the API follows and our own version', async (t) => {
  const { url } = await startFront(t);
  const [status, body] = await ask(`${url}/version`);
  t.is(status, 200);
  t.deepEqual(JSON.parse(body), { etcdserver: '3.6.0', etcdcluster: '3.6.0', storage: '3.6.0', quorate: '0.0.0-test' });
});

/** Paths and methods whose answers are the same text in every etcd. */
const texts: readonly (readonly [path: string, method: string])[] = [
  ...['/health', '/version'].flatMap((path) => ['POST', 'PUT', 'HEAD'].map((method) => [path, method] as const)),
  ...['/debug/vars'].flatMap((path) => ['POST', 'HEAD'].map((method) => [path, method] as const)),
  ...[
    '/debug/pprof/',
    '/debug/pprof/heap',
    '/debug/requests',
    '/',
    '/v2/keys',
    '/health/',
    '/metrics/x',
    '/v3alpha/kv/put',
  ].map((path) => [path, 'GET'] as const),
  ...['/v3/kv/range', '/health', '/nothing'].map((path) => [path, 'OPTIONS'] as const),
];

async function whole(url: string, method: string) {
  const response = await fetch(url, { method, headers: { connection: 'close' } });
  const names = ['content-type', 'allow', 'x-content-type-options', 'access-control-allow-origin'];
  const { status, headers } = response;
  return { status, body: await response.text(), headers: names.map((name) => [name, headers.get(name)]) };
}

judge('etcd').test('what is not there and what is not allowed is answered as by a real etcd', async (t) => {
  const [ours, theirs] = [await startFront(t), await startEtcd(t)];
  await sameTexts(t, ours.url, theirs.endpoint);
});

async function sameTexts(t: ExecutionContext, ours: string, theirs: string): Promise<void> {
  for (const [path, method] of texts) {
    const [mine, real] = await Promise.all([whole(ours + path, method), whole(theirs + path, method)]);
    // Go lets content types out where there is no content.
    const isEmpty = real.body === '' && method === 'OPTIONS';
    t.deepEqual(isEmpty ? { ...mine, headers: real.headers } : mine, real, `${method} ${path}`);
  }
}

test('/debug/vars tells memory, open files and the raft in numbers that are true, and nothing of the command line', async (t) => {
  const { url, log } = await startFront(t);
  const [status, body] = await ask(`${url}/debug/vars`);
  t.is(status, 200);
  const { memstats, 'raft.status': raft, ...rest } = JSON.parse(body);
  t.true(memstats.HeapAlloc > 1e6 && memstats.HeapAlloc < memstats.HeapSys && memstats.HeapSys < memstats.Sys);
  t.deepEqual(raft, {
    ...{ id: 'fedcba9876543210', term: 2, commit: log.applied, lead: 'fedcba9876543210' },
    ...{ raftState: 'StateLeader', applied: log.applied },
  });
  t.deepEqual(Object.keys(rest), process.platform === 'linux' ? ['file_descriptor_limit'] : []);
  log.leader = noMember;
  t.false('raftState' in JSON.parse((await ask(`${url}/debug/vars`))[1])['raft.status']);
});

/** What there is no like of in this process is not made up. */
const goOnly =
  /^(cmdline|raft\.status\.(vote|progress|leadtransferee)|memstats\.(?!Alloc$|Sys$|HeapAlloc$|HeapSys$|HeapIdle$).*)$/;

const isNested = (name: string): boolean => name === 'memstats' || name === 'raft.status';

judge('etcd').test('/debug/vars has the fields of a real etcd', async (t) => {
  const [ours, theirs] = [await startFront(t), await startEtcd(t)];
  const fields = async (url: string): Promise<readonly string[]> => {
    const vars = Object.entries<object>(JSON.parse((await ask(`${url}/debug/vars`))[1]));
    const listed = vars.flatMap(([name, value]) =>
      isNested(name)
        ? Object.entries(value).map(([inner, one]) => [`${name}.${inner}`, typeof one] as const)
        : [[name, typeof value] as const],
    );
    return listed
      .filter(([name]) => !goOnly.test(name))
      .map((field) => field.join(': '))
      .sort();
  };
  t.deepEqual(await fields(ours.url), await fields(theirs.endpoint));
});

judge('etcd').test('/health and /version have the fields of a real etcd', async (t) => {
  const [ours, theirs] = [await startFront(t), await startEtcd(t)];
  for (const path of ['/health', '/version']) {
    const [mine = '{}', real = '{}'] = [(await ask(ours.url + path))[1], (await ask(theirs.endpoint + path))[1]];
    t.deepEqual(
      Object.keys(JSON.parse(real)).filter(
        (field) => typeof JSON.parse(mine)[field] !== typeof JSON.parse(real)[field],
      ),
      [],
    );
  }
});
