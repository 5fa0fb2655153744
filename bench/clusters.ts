import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Access } from './client.js';
import type { LoadOptions } from './load.js';
import { run } from './processes.js';

export type Engine = 'included' | 'etcd';
export const engines = ['included', 'etcd'] as const;

/** Three members that run. The first serves what is to be seen on one member alone. */
export interface Cluster {
  readonly engine: Engine;
  readonly dir: string;
  readonly access: Access;
  readonly pids: readonly number[];
}

const here = dirname(fileURLToPath(import.meta.url));
export const project = join(here, '..', '..');
export const quorate = join(project, 'dist', 'bundle', 'main.js');
const names = ['m1', 'm2', 'm3'];

const plan = (engine: Engine, basePort: number): string => `version: 1
cluster: { name: bench, engine: ${engine}, run: local }
members:
${names.map((name, n) => `  - { name: ${name}, host: 127.0.0.1, clientPort: ${basePort + n * 10}, peerPort: ${basePort + n * 10 + 1} }`).join('\n')}
access:
  roles:
    - { name: app-writer, permissions: [{ access: readwrite, prefix: /app/ }] }
  users:
    - { name: app, roles: [app-writer] }
    - { name: backup, roles: [root] }
`;

/** An empty folder to a healthy cluster with auth on, as one command. Gives the seconds it took. */
export async function init(engine: Engine, dir: string, basePort: number): Promise<number> {
  const answers = `${dir}.yaml`;
  writeFileSync(answers, plan(engine, basePort));
  const begin = performance.now();
  await run(process.execPath, [quorate, 'init', '--yes', '--answers', answers, '--dir', dir]);
  return (performance.now() - begin) / 1000;
}

export const down = (dir: string): Promise<string> => run(process.execPath, [quorate, 'down', '--dir', dir]);

export async function begin(engine: Engine, dir: string, basePort: number): Promise<Cluster> {
  await init(engine, dir, basePort);
  return running(engine, dir, basePort);
}

/** The members stopped, started again, and healthy. */
export async function restart({ engine, dir, access }: Cluster): Promise<{ cluster: Cluster; seconds: number }> {
  await down(dir);
  const start = performance.now();
  await run(process.execPath, [quorate, 'up', '--detach', '--dir', dir]);
  const seconds = (performance.now() - start) / 1000;
  return { cluster: { engine, dir, access, pids: memberPids(dir) }, seconds };
}

function running(engine: Engine, dir: string, basePort: number): Cluster {
  const kit = join(dir, 'users', 'root');
  const access = {
    endpoints: names.map((_, n) => `127.0.0.1:${basePort + n * 10}`),
    ca: join(kit, 'ca.crt'),
    cert: join(kit, 'root.crt'),
    key: join(kit, 'root.key'),
  };
  return { engine, dir, access, pids: memberPids(dir) };
}

const memberPids = (dir: string): number[] =>
  names.map((name) => Number.parseInt(readFileSync(join(dir, 'run', `${name}.pid`), 'utf8'), 10));

/** Of the first member, in MB: the state's file, and the log's. */
export function fileMegabytes({ engine, dir }: Cluster): { readonly state: number; readonly log: number } {
  const data = join(dir, 'data', 'm1');
  const ours = engine === 'included';
  const state = statSync(ours ? join(data, 'store', 'data.mdb') : join(data, 'member', 'snap', 'db')).size;
  const logFolder = ours ? join(data, 'log') : join(data, 'member', 'wal');
  const log = readdirSync(logFolder).reduce((sum, name) => sum + statSync(join(logFolder, name)).size, 0);
  return { state: state / 2 ** 20, log: log / 2 ** 20 };
}

/** Runs the load program to its end, in a process of its own. */
export const runLoad = async <Result>(options: LoadOptions): Promise<Result> =>
  JSON.parse(await run(process.execPath, [join(here, 'load.js'), JSON.stringify(options)])) as Result;
