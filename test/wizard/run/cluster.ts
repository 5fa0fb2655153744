import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { EtcdClient } from '#cluster';
import { apply } from '../../../wizard/apply/apply.js';
import { mayBeAlive } from '../../../wizard/apply/process-identity.js';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { down } from '../../../wizard/run/down.js';
import { freePort } from '../../ports.js';
import { temporaryFolder } from '../apply/folder.js';
import { type Ended, quorate, type Running, start } from '../commands/quorate.js';

const waitMs = 45_000;

/** Polls until `look` finds something. */
export async function eventually<Found>(
  what: string,
  look: () => Found | undefined | Promise<Found | undefined>,
): Promise<Found> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${waitMs} ms: ${what}`);
    await delay(20);
  }
}

/** False for a zombie, too: who has lost its parent waits for an init that may take its time. */
export const isAlive = (pid: number): boolean => mayBeAlive({ pid, host: hostname(), started: '' });

/** A client with root's kit, of one member or of all; closed after the test. */
export function rootClient(t: ExecutionContext, { at, members }: TestCluster, only = members): EtcdClient {
  const read = (end: string): string => readFileSync(at(`users/root/${end}`), 'utf8');
  const client = EtcdClient.connect({
    endpoints: only.map(({ clientPort }) => `https://127.0.0.1:${clientPort}`),
    tls: { ca: read('ca.crt'), cert: read('root.crt'), key: read('root.key') },
  });
  t.teardown(() => client.close());
  return client;
}

/** A DIR with a plan for members on this machine, at ports that were free a moment ago; all is stopped after the test. */
export interface TestCluster {
  readonly dir: string;
  readonly members: readonly { readonly name: string; readonly clientPort: number; readonly peerPort: number }[];
  /** A file of DIR. */
  at(path: string): string;
  /** Runs quorate on DIR. */
  run(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Ended>;
  start(args: readonly string[], environment?: NodeJS.ProcessEnv): Running;
  /** From the pid file; undefined when there is none. */
  pid(member: string): number | undefined;
  writePlan(change: (text: string) => string): void;
}

export interface ClusterOptions {
  readonly count?: number;
  readonly engine?: 'included' | 'etcd';
  readonly dir?: string;
  /** When everything is made. */
  readonly now?: Date;
}

function planText(count: number, engine: string, members: TestCluster['members']): string {
  const lines = members
    .slice(0, count)
    .map(
      ({ name, clientPort, peerPort }) =>
        `  - { name: ${name}, host: 127.0.0.1, clientPort: ${clientPort}, peerPort: ${peerPort} }`,
    );
  return `version: 1
cluster: { name: demo, engine: ${engine} }
members:
${lines.join('\n')}
access:
  roles: [{ name: writer, permissions: [{ access: readwrite, prefix: /app/ }] }]
  users: [{ name: app, roles: [writer] }]
`;
}

/** The plan is written, and nothing else. */
export async function plannedCluster(
  t: ExecutionContext,
  { count = 1, engine = 'included', dir = join(temporaryFolder(t), 'quorate') }: ClusterOptions = {},
): Promise<TestCluster> {
  mkdirSync(dir, { recursive: true });
  const members = [];
  for (let number = 1; number <= count; number += 1)
    members.push({ name: `m${number}`, clientPort: await freePort(), peerPort: await freePort() });
  const plan = join(dir, 'quorate.yaml');
  writeFileSync(plan, planText(count, engine, members));
  const cluster: TestCluster = {
    dir,
    members,
    at: (path) => join(dir, path),
    run: (args, environment) => quorate([...args, '--dir', dir], '', environment),
    start: (args, environment) => start([...args, '--dir', dir], '', environment),
    pid: (member) => {
      try {
        return Number(readFileSync(join(dir, 'run', `${member}.pid`), 'utf8').split('\n')[0]);
      } catch {
        return undefined;
      }
    },
    writePlan: (change) => writeFileSync(plan, change(readFileSync(plan, 'utf8'))),
  };
  t.teardown(async () => {
    await down(dir);
  });
  return cluster;
}

/** The same with everything that follows from the plan. */
export async function appliedCluster(t: ExecutionContext, options: ClusterOptions = {}): Promise<TestCluster> {
  const cluster = await plannedCluster(t, options);
  const { now = new Date() } = options;
  const { plan } = parsePlanText(readFileSync(cluster.at('quorate.yaml'), 'utf8'), 'quorate.yaml');
  const { signal } = new AbortController();
  await apply({ plan, dir: cluster.dir, now: () => now, signal, say: () => {}, progress: () => {} });
  return cluster;
}
