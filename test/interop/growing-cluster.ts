import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { folderOf, issue, makeAuthority } from '../cluster/transport/certificates.js';
import { freePort } from '../ports.js';
import { main } from '../wizard/commands/quorate.js';

const run = promisify(execFile);
const patienceMs = 60_000;

export interface Server {
  readonly name: string;
  readonly peerUrl: string;
  readonly clientUrl: string;
  readonly dataDir: string;
  readonly process: ChildProcess;
}

/** Members as processes, with certificates among one another, that are added and removed with etcdctl. */
export class GrowingCluster {
  readonly servers = new Map<string, Server>();
  readonly #folder: string;
  readonly #authority: ReturnType<typeof makeAuthority>;
  readonly #learners = new Set<string>();
  #started = 0;

  constructor(t: ExecutionContext) {
    this.#folder = folderOf(t);
    this.#authority = makeAuthority(join(this.#folder, 'ca'));
    t.teardown(() => {
      for (const { process } of this.servers.values()) process.kill('SIGKILL');
    });
  }

  get endpoints(): readonly string[] {
    return [...this.servers.values()].map(({ clientUrl }) => clientUrl);
  }

  /** The first member, of a cluster of its own. */
  async found(name: string): Promise<void> {
    await this.#start(name, await this.#placeFor(), 'new');
    await this.#healthy(name);
  }

  /** Adds a member with etcdctl, starts it as etcdctl says, and waits until it answers. */
  async add(name: string, ...flags: readonly string[]): Promise<void> {
    const place = await this.#placeFor();
    await this.etcdctl('member', 'add', name, `--peer-urls=${place.peerUrl}`, ...flags);
    if (flags.includes('--learner')) this.#learners.add(name);
    await this.#start(name, place, 'existing');
    if (flags.includes('--learner')) await this.#answers(name, 'get', '--consistency=s', 'absent');
    else await this.#healthy(name);
  }

  async promote(name: string): Promise<void> {
    await this.etcdctl('member', 'promote', await this.idOf(name));
    this.#learners.delete(name);
  }

  /** With its exit code and the last lines of its log. */
  async remove(name: string): Promise<{ readonly code: number | null; readonly said: string }> {
    const id = await this.idOf(name);
    const server = this.server(name);
    const ended = once(server.process, 'exit');
    // Asked of one who stays: whoever goes may be too busy with that to answer.
    const stays = this.endpoints.filter((url) => url !== server.clientUrl);
    await this.#etcdctlAt(stays, 'member', 'remove', id);
    const [code] = (await ended) as [number | null];
    this.servers.delete(name);
    return { code, said: this.logOf(name).trim().split('\n').slice(-2).join('\n') };
  }

  async kill(name: string): Promise<void> {
    const { process } = this.server(name);
    process.kill('SIGKILL');
    await once(process, 'exit');
  }

  /** On the data that it has. */
  async restart(name: string): Promise<void> {
    await this.#start(name, this.server(name), 'existing');
  }

  server(name: string): Server {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`there is no member ${name}`);
    return server;
  }

  logOf(name: string): string {
    return readFileSync(join(this.#folder, `${name}.log`), 'utf8');
  }

  /** Asks a voter: etcdctl 3.4 takes a learner's refusal for the cluster's. */
  etcdctl(...args: readonly string[]): Promise<string> {
    const voters = [...this.servers.values()].filter(({ name }) => !this.#learners.has(name));
    return this.#etcdctlAt(
      voters.map(({ clientUrl }) => clientUrl),
      ...args,
    );
  }

  async idOf(name: string): Promise<string> {
    const list = await this.etcdctl('member', 'list');
    return (
      list
        .split('\n')
        .find((line) => line.includes(`, ${name}, `))
        ?.split(',')[0] ?? ''
    );
  }

  async leader(): Promise<string> {
    for (const { name, clientUrl } of this.servers.values()) {
      const endpoint = clientUrl.replace('http://', '');
      const [status] = JSON.parse(await this.#etcdctlAt([endpoint], 'endpoint', 'status', '-w', 'json')) as [
        { Status: { leader: number; header: { member_id: number } } },
      ];
      if (status.Status.leader === status.Status.header.member_id) return name;
    }
    throw new Error('nobody leads');
  }

  async #etcdctlAt(endpoints: readonly string[], ...args: readonly string[]): Promise<string> {
    const env = { PATH: process.env.PATH, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: endpoints.join() };
    return (await run('etcdctl', args, { env })).stdout;
  }

  async #placeFor() {
    const [peer, client] = [await freePort(), await freePort()];
    return { peerUrl: `https://127.0.0.1:${peer}`, clientUrl: `http://127.0.0.1:${client}` };
  }

  async #start(
    name: string,
    { peerUrl, clientUrl }: { readonly peerUrl: string; readonly clientUrl: string },
    state: 'new' | 'existing',
  ): Promise<void> {
    this.#started += 1;
    const others = [...this.servers.values()].filter((server) => server.name !== name);
    const cluster = [...others, { name, peerUrl }].map((one) => `${one.name}=${one.peerUrl}`).join();
    const files = issue(this.#folder, this.#authority, { name, file: `${name}-${this.#started}` });
    const dataDir = join(this.#folder, name);
    const args = [
      ...[
        'serve',
        '--name',
        name,
        '--data-dir',
        dataDir,
        '--initial-cluster-state',
        state,
        '--initial-cluster',
        cluster,
      ],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--peer-cert-file', files.cert, '--peer-key-file', files.key, '--peer-trusted-ca-file', files.ca ?? ''],
      ...['--heartbeat-interval', '50', '--election-timeout', '500', '--strict-reconfig-check=false'],
    ];
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr?.pipe(createWriteStream(join(this.#folder, `${name}.log`), { flags: 'a' }));
    this.servers.set(name, { name, peerUrl, clientUrl, dataDir, process: child });
  }

  #healthy(name: string): Promise<void> {
    return this.#answers(name, 'endpoint', 'health');
  }

  async #answers(name: string, ...args: readonly string[]): Promise<void> {
    const { clientUrl, process } = this.server(name);
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        await this.#etcdctlAt([clientUrl], '--command-timeout=2s', ...args);
        return;
      } catch (error) {
        if (process.exitCode !== null) throw new Error(`${name} has ended:\n${this.logOf(name).slice(-2000)}`);
        if (Date.now() > deadline) throw error;
        await delay(50);
      }
    }
  }
}
