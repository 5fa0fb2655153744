import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

// Below what the kernel hands out to outgoing connections: a member that was killed finds its port free again.
const lowest = 15_000;
const span = 17_000;

async function holdPort(): Promise<{ server: Server; port: number }> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * span);
    const server = createServer();
    const held = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    if (await held) return { server, port };
  }
}

/** Different ports of five digits that were free a moment ago, and that no outgoing connection takes. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held: Awaited<ReturnType<typeof holdPort>>[] = [];
  while (held.length < count) held.push(await holdPort());
  await Promise.all(held.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return held.map(({ port }) => port);
}
