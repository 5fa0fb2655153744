// Ports for servers that tests start: no two test processes are ever given the same one.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

// Below what the system hands out to outgoing connections, which would take them: a member that was killed finds its port free again.
const lowest = 12_000;
const blockSize = 50;
const blocks = 400;

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  const listening = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  return listening ? server : undefined;
}

/** Whoever listens on a block's first port has the whole block, for as long as the process lives. */
async function claimBlock(): Promise<number[]> {
  for (;;) {
    const first = lowest + blockSize * randomInt(blocks);
    const claim = await listen(first);
    if (claim === undefined) continue;
    claim.unref();
    return Array.from({ length: blockSize - 1 }, (_, index) => first + 1 + index);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server !== undefined) await once(server.close(), 'close');
  return server !== undefined;
}

let claimed: Promise<number[]> | undefined;

/** A port of five digits that is free, and is given to nobody else. */
export async function freePort(): Promise<number> {
  for (;;) {
    claimed ??= claimBlock();
    const block = claimed;
    const port = (await block).shift();
    if (port !== undefined && (await isFree(port))) return port;
    if (port === undefined && claimed === block) claimed = undefined;
  }
}

/** Different ports, in rising order within a block. */
export const freePorts = (count: number): Promise<readonly number[]> =>
  Promise.all(Array.from({ length: count }, freePort));
