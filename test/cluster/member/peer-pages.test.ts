import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type PeerPages, peerHandler } from '../../../cluster/member/peer-pages.js';
import { clusterId, memberId } from '../../../cluster/numbers.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { post } from '../api/http/front.js';

const started: PeerPages = {
  clusterId: clusterId(0xabcn),
  members: () => [{ id: memberId(0x1n), name: 'm1', peerUrls: ['http://h:2380'], clientUrls: [], isLearner: false }],
  learner: () => 'behind',
};

async function serve(t: ExecutionContext, pages: PeerPages | undefined): Promise<string> {
  const server = createServer(peerHandler(() => pages));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function ask(url: string, method = 'GET') {
  const response = await fetch(url, { method, headers: { connection: 'close' } });
  return { status: response.status, allow: response.headers.get('allow'), body: await response.text() };
}

const versions = { etcdserver: '3.6.0', etcdcluster: '3.6.0', storage: '3.6.0' };

test('a member tells the others its version from the beginning, and who the members are once it has started', async (t) => {
  for (const pages of [undefined, started]) {
    const url = await serve(t, pages);
    const { status, body } = await ask(`${url}/version`);
    t.deepEqual([status, JSON.parse(body)], [200, versions]);
    t.is((await ask(`${url}/members`)).status, pages === undefined ? 503 : 200);
    t.is((await ask(`${url}/nothing`)).status, pages === undefined ? 503 : 404);
  }
});

judge('etcd').test('/version on the port of members is asked for and refused as of a real etcd', async (t) => {
  const [ours, { endpoint }] = [await serve(t, started), await startEtcd(t)];
  const { body } = await post(`${endpoint}/v3/cluster/member/list`, {});
  const [theirs = ''] = (body as { members: [{ peerURLs: string[] }] }).members[0].peerURLs;
  for (const method of ['GET', 'POST', 'HEAD']) {
    const [mine, real] = [await ask(`${ours}/version`, method), await ask(`${theirs}/version`, method)];
    t.deepEqual([mine.status, mine.allow], [real.status, real.allow], method);
    if (method === 'GET') for (const field of Object.keys(JSON.parse(real.body))) t.true(field in versions, field);
  }
});
