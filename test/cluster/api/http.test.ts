import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { httpHandler } from '../../../cluster/api/http.js';
import { noMember } from '../../../cluster/numbers.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { startMember } from './member.js';

async function serve(t: ExecutionContext) {
  const { state, log } = await startMember(t);
  const server = createServer(httpHandler(state)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { log, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const ask = async (url: string, init?: RequestInit) => {
  const response = await fetch(url, { ...init, headers: { connection: 'close' } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test('/health says true while a linearizable read goes through', async (t) => {
  const { url, log } = await serve(t);
  t.deepEqual(await ask(`${url}/health`), { status: 200, body: { health: 'true', reason: '' } });
  t.is(log.linearized, 1);
});

test('/health without a leader is 503 with the reason, and serializable asks only whether the member is up', async (t) => {
  const { url, log } = await serve(t);
  log.leader = noMember;
  t.deepEqual(await ask(`${url}/health`), { status: 503, body: { health: 'false', reason: 'RAFT NO LEADER' } });
  t.is((await ask(`${url}/health?serializable=true`)).status, 200);
});

test('/health tells what a read failed with', async (t) => {
  const { url, log } = await serve(t);
  Object.defineProperty(log, 'status', { value: () => ({ leader: 1n }) });
  log.leader = noMember;
  t.deepEqual((await ask(`${url}/health`)).body, { health: 'false', reason: 'RANGE ERROR:etcdserver: no leader' });
});

test('/version names the etcd that the API follows and our own version', async (t) => {
  const { url } = await serve(t);
  t.deepEqual(await ask(`${url}/version`), {
    status: 200,
    body: { etcdserver: '3.6.0', etcdcluster: '3.6.0', quorate: '0.0.0-test' },
  });
});

test('another path is 404, another method 405', async (t) => {
  const { url } = await serve(t);
  t.is((await ask(`${url}/v2/keys`)).status, 404);
  t.is((await ask(`${url}/health`, { method: 'POST', body: '{}' })).status, 405);
});

judge('etcd').test('/health and /version have the fields of a real etcd', async (t) => {
  const [ours, theirs] = [await serve(t), await startEtcd(t)];
  for (const path of ['/health', '/version']) {
    const [mine, real] = [await ask(ours.url + path), await ask(theirs.endpoint + path)];
    t.is(mine.status, real.status);
    t.deepEqual(
      Object.keys(real.body).filter((field) => typeof mine.body[field] !== typeof real.body[field]),
      [],
    );
  }
});

test('/livez says whether the member is up, /readyz whether it has the cluster behind it', async (t) => {
  const { url, log } = await serve(t);
  const page = async (path: string) => {
    const response = await fetch(`${url}${path}`, { headers: { connection: 'close' } });
    return [response.status, await response.text()];
  };
  t.deepEqual(await page('/readyz'), [200, 'ok\n']);
  log.leader = noMember;
  t.deepEqual(await page('/livez'), [200, 'ok\n']);
  t.deepEqual(await page('/readyz'), [503, 'not ok: RAFT NO LEADER\n']);
});
