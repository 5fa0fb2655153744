import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { kitFiles } from '../../wizard/layout.js';
import { pidOf } from '../../wizard/run/pid-file.js';
import { LocalCluster } from './local-cluster.js';

// Clients of all bad manners at once, each kind a process of its own, and one that behaves.

const program = fileURLToPath(new URL('../../bench/neighbour-load.js', import.meta.url));
const putMsMax = 15_000;
const memberMegabytesMax = 1200;

const kinds = [
  { badly: 'handshake', connections: 200, calls: 0 },
  { badly: 'idle', connections: 300, calls: 0 },
  { badly: 'half-open', connections: 20, calls: 50 },
  { badly: 'half-said', connections: 5, calls: 20 },
  { badly: 'unread-list', connections: 5, calls: 20 },
  { badly: 'unread-value', connections: 5, calls: 20 },
] as const;

async function beginAll(t: ExecutionContext, cluster: LocalCluster): Promise<void> {
  const at = (name: string): string => `${cluster.dir}/${name}`;
  const { ca, certificate: cert, key } = kitFiles('root');
  const access = {
    endpoints: cluster.endpoints.map((endpoint) => endpoint.replace('https://', '')),
    ...{ ca: at(ca), cert: at(cert), key: at(key) },
  };
  await Promise.all(
    kinds.map(async (kind) => {
      const child = spawn(process.execPath, [program, JSON.stringify({ ...access, ...kind })], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      t.teardown(() => child.kill('SIGKILL'));
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
      t.is(child.exitCode, null, kind.badly);
    }),
  );
}

/** What comes of a request with 200 kB of headers: its stream is refused, or its connection closed. */
async function oversized(cluster: LocalCluster): Promise<string> {
  const session = connect(cluster.endpoints[0] ?? '', { ...cluster.tls('root'), maxSendHeaderBlockLength: 2 ** 20 });
  session.on('error', () => {});
  const headers = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`x-${n}`, 'a'.repeat(10_000)]));
  const stream = session.request({ ':method': 'POST', ':path': '/etcdserverpb.KV/Range', ...headers });
  const ended = await Promise.race([
    once(stream, 'response').then(([seen]) => `${(seen as { ':status'?: number })[':status']}`),
    once(stream, 'error').then(([error]) => String((error as Error).message)),
    once(session, 'close').then(() => 'closed'),
  ]);
  session.destroy();
  return ended;
}

test('whoever behaves is served beside all that behave badly, and the member stays as large as it may be', async (t) => {
  t.timeout(180_000);
  const cluster = await LocalCluster.start('included', 1);
  t.teardown(() => cluster.stop());
  await beginAll(t, cluster);
  t.not(await oversized(cluster), '200');
  let slowest = 0;
  await cluster.as('app', async (client) => {
    for (let n = 0; n < 100; n += 1) {
      const begun = performance.now();
      await client.put('/app/bystander', String(n), { timeoutMs: putMsMax });
      slowest = Math.max(slowest, performance.now() - begun);
    }
    const found = await client.get('/app/bystander');
    t.is(Buffer.from(found?.value ?? []).toString(), '99');
  });
  const pid = await pidOf(cluster.dir, 'm1');
  const [, kilobytes = ''] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  t.log(`the slowest of 100 puts took ${Math.round(slowest)} ms; the member had ${Number(kilobytes) >> 10} MB at most`);
  t.true(Number(kilobytes) / 1024 < memberMegabytesMax, `${kilobytes} kB`);
  t.is((await cluster.quorate('status')).code, 0);
});
