import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from '../certificates.js';
import { freePorts } from '../ports.js';
import { main } from '../wizard/commands/quorate.js';
import { Server } from './server.js';

// One member of each engine, in clear, alone in its cluster: what they are told and asked is the same.

const commands = {
  theirs: ['etcd', '--logger', 'zap', '--log-level', 'info'],
  ours: [process.execPath, main, 'serve'],
};
const readyLine = /serving (insecure )?client|ready to serve client requests/;

/** Resolves with its URL once it serves. */
async function start(t: ExecutionContext, engine: keyof typeof commands): Promise<string> {
  const folder = await temporaryFolder(t);
  const [client = 0, peer = 0] = await freePorts(2);
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const [program = '', ...first] = commands[engine];
  const flags = [
    ...['--name', 'm', '--data-dir', join(folder, 'data'), '--bcrypt-cost', '4'],
    ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `m=${peerUrl}`],
  ];
  const child = spawn(program, [...first, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 50) said.push(line);
      if (readyLine.test(line)) resolve();
    });
    void ended.then(() => reject(new Error(`${engine} ended before it was ready:\n${said.join('\n')}`)));
  });
  return clientUrl;
}

function asked(t: ExecutionContext, url: string): Server {
  const server = new Server(url);
  t.teardown(() => server.close());
  return server;
}

/** A real etcd alone. */
export const startTheirs = (t: ExecutionContext): Promise<string> => start(t, 'theirs');

/** Ours alone. */
export const startOurs = (t: ExecutionContext): Promise<string> => start(t, 'ours');

export interface Both {
  readonly theirs: Server;
  readonly ours: Server;
}

export async function startBoth(t: ExecutionContext): Promise<Both> {
  const [theirs, ours] = await Promise.all([start(t, 'theirs'), start(t, 'ours')]);
  return { theirs: asked(t, theirs), ours: asked(t, ours) };
}
