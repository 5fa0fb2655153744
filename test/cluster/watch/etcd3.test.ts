import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Etcd3 } from 'etcd3';
import { startMember } from '../api/member.js';
import { eventually } from '../transport/eventually.js';

/** A way to the endpoint that can be cut while both ends stay up. */
async function severable(t: ExecutionContext, endpoint: string): Promise<{ port: number; disconnect(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onwards = connect(Number(new URL(endpoint).port), '127.0.0.1');
    for (const end of [socket, onwards]) {
      sockets.add(end);
      end.on('error', () => undefined).on('close', () => sockets.delete(end));
    }
    socket.pipe(onwards).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const disconnect = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(() => {
    disconnect();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, disconnect };
}

test('the npm client etcd3 watches keys, prefixes and the past, and hears of everything over a lost connection', async (t) => {
  const { port, disconnect } = await severable(t, (await startMember(t)).endpoint);
  const etcd = new Etcd3({ hosts: `http://127.0.0.1:${port}` });
  t.teardown(() => etcd.close());
  const heard: string[] = [];
  await etcd.put('/a/0').value('past');
  const watcher = await etcd.watch().prefix('/a/').startRevision('2').withPreviousKV().create();
  watcher.on('put', ({ key, value }, previous) => heard.push(`${key}=${value} was ${previous?.value}`));
  watcher.on('delete', ({ key }) => heard.push(`${key} deleted`));
  await etcd.put('/a/1').value('one');
  await etcd.put('/b').value('unheard');
  await etcd.put('/a/1').value('two');
  await etcd.delete().key('/a/1');
  await eventually('four events', () => heard.length === 4);
  t.deepEqual(heard.splice(0), [
    '/a/0=past was undefined',
    '/a/1=one was undefined',
    '/a/1=two was one',
    '/a/1 deleted',
  ]);
  const lost = new Promise((resolve) => watcher.once('disconnected', resolve));
  const back = new Promise((resolve) => watcher.once('connected', resolve));
  disconnect();
  await lost;
  await etcd.put('/a/2').value('meanwhile');
  await back;
  await etcd.put('/a/3').value('after');
  await eventually('two events', () => heard.length === 2);
  t.deepEqual(heard, ['/a/2=meanwhile was undefined', '/a/3=after was undefined']);
  await watcher.cancel();
});
