import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { type TestAuthority, temporaryFolder } from './certificates.js';
import { freePort } from './ports.js';

const run = promisify(execFile);

async function tlsFlags(folder: string, authority: TestAuthority): Promise<string[]> {
  const { ca, cert, key } = await authority.server();
  const files = { ca: join(folder, 'ca.crt'), cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
  await Promise.all([writeFile(files.ca, ca), writeFile(files.cert, cert), writeFile(files.key, key, { mode: 0o600 })]);
  return ['--cert-file', files.cert, '--key-file', files.key, '--trusted-ca-file', files.ca, '--client-cert-auth'];
}

export interface RealEtcd {
  readonly endpoint: string;
  readonly port: number;
  readonly dataFolder: string;
  stop(): Promise<void>;
}

/**
 * The etcd on PATH as a cluster of one, ready to serve; mutual TLS with `authority`, in the clear without.
 * `snapshot`: what `etcdctl snapshot restore` makes of this file. `more`: further flags.
 */
export async function startEtcd(
  t: ExecutionContext,
  authority?: TestAuthority,
  snapshot?: string,
  more: readonly string[] = [],
): Promise<RealEtcd> {
  const folder = await temporaryFolder(t);
  const dataFolder = join(folder, 'data');
  const [port, peerPort] = [await freePort(), await freePort()];
  const endpoint = `${authority ? 'https' : 'http'}://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const identity = [
    ...['--name', 'judge', '--data-dir', dataFolder],
    ...['--initial-advertise-peer-urls', peer, '--initial-cluster', `judge=${peer}`],
  ];
  if (snapshot !== undefined) await run('etcdctl', ['snapshot', 'restore', snapshot, ...identity]);
  const flags = [
    ...[...identity, '--log-level', 'info', '--logger', 'zap'],
    ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint, '--listen-peer-urls', peer],
    ...(authority ? await tlsFlags(folder, authority) : []),
    ...more,
  ];
  const child = spawn('etcd', flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  t.teardown(stop);
  await readyLine(child.stderr, exited);
  return { endpoint, port, dataFolder, stop };
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
