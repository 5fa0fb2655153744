import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import { type TestAuthority, temporaryFolder } from './certificates.js';

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1');
  const free = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (free) await once(server.close(), 'close');
  return free;
};

/** A port that was free a moment ago, from below those that the system gives to outgoing connections, which would take it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    if (await isFree(port)) return port;
  }
}

async function tlsFlags(folder: string, authority: TestAuthority): Promise<string[]> {
  const { ca, cert, key } = await authority.server();
  const files = { ca: join(folder, 'ca.crt'), cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
  await Promise.all([writeFile(files.ca, ca), writeFile(files.cert, cert), writeFile(files.key, key, { mode: 0o600 })]);
  return ['--cert-file', files.cert, '--key-file', files.key, '--trusted-ca-file', files.ca, '--client-cert-auth'];
}

export interface RealEtcd {
  readonly endpoint: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** The etcd on PATH as a cluster of one, ready to serve; mutual TLS with `authority`, in the clear without. */
export async function startEtcd(t: ExecutionContext, authority?: TestAuthority): Promise<RealEtcd> {
  const folder = await temporaryFolder(t);
  const [port, peerPort] = [await freePort(), await freePort()];
  const endpoint = `${authority ? 'https' : 'http'}://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const flags = [
    ...['--name', 'judge', '--data-dir', join(folder, 'data'), '--log-level', 'info', '--logger', 'zap'],
    ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `judge=${peer}`],
    ...(authority ? await tlsFlags(folder, authority) : []),
  ];
  const child = spawn('etcd', flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  t.teardown(stop);
  await readyLine(child.stderr, exited);
  return { endpoint, port, stop };
}

async function readyLine(stderr: NodeJS.ReadableStream, exited: Promise<unknown>): Promise<void> {
  const lines: string[] = [];
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: stderr }).on('line', (line) => {
      lines.push(line);
      if (/serving (insecure )?client|ready to serve client requests/.test(line)) resolve();
    });
  });
  const early = exited.then(() => {
    throw new Error(`etcd ended before it was ready:\n${lines.slice(-10).join('\n')}`);
  });
  await Promise.race([ready, early]);
  early.catch(() => undefined);
}
