import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClientTls, connect, type EtcdClient } from '#cluster';
import { clientUrl } from '../../wizard/artifacts/member-settings.js';
import { kitFiles } from '../../wizard/layout.js';
import { parsePlan } from '../../wizard/plan/parse.js';
import type { Engine, Plan } from '../../wizard/plan/plan.js';
import { printPlan } from '../../wizard/plan/print.js';
import { commandOf } from '../../wizard/run/engine.js';
import { logPath } from '../../wizard/run/member-log.js';
import { startMember } from '../../wizard/run/member-process.js';
import { pidOf } from '../../wizard/run/pid-file.js';
import { freePorts } from '../ports.js';
import { type Ended, main, quorate } from '../wizard/commands/quorate.js';

/** What every cluster of these tests is told of users and roles. */
const access = {
  roles: [
    {
      name: 'app-writer',
      permissions: [
        { access: 'readwrite', prefix: '/app/' },
        { access: 'read', key: '/config/version' },
        { access: 'write', key: 'a', end: 'b' },
      ],
    },
  ],
  users: [
    { name: 'app', roles: ['app-writer'] },
    { name: 'human', roles: ['app-writer'], password: true },
    { name: 'nobody' },
  ],
};

async function localPlan(engine: Engine, count: number): Promise<Plan> {
  // In order: what is sorted by port is sorted by name.
  const ports = [...(await freePorts(2 * count))].sort((a, b) => a - b);
  const members = Array.from({ length: count }, (_, place) => ({
    name: `m${place + 1}`,
    host: '127.0.0.1',
    clientPort: ports[2 * place],
    peerPort: ports[2 * place + 1],
  }));
  return parsePlan({ version: 1, cluster: { name: 'judged', engine }, members, access }, 'a test').plan;
}

/** Takes the cluster down when its stdin ends: when the test says so, and also when the test's process is killed. */
function startUndertaker(folder: string, dir: string): ChildProcess {
  const script = 'cat; "$1" "$2" down --dir "$3"; rm -rf "$4"';
  return spawn('sh', ['-c', script, 'sh', process.execPath, main, dir, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
}

/** A plan's members on this machine, started and reached as a user does it: with `quorate init`, and by the kits. */
export class LocalCluster {
  readonly plan: Plan;
  readonly dir: string;
  readonly #undertaker: ChildProcess;

  private constructor(plan: Plan, folder: string) {
    this.plan = plan;
    this.dir = join(folder, "it's a cluster");
    this.#undertaker = startUndertaker(folder, this.dir);
  }

  static async start(engine: Engine, count: number): Promise<LocalCluster> {
    const plan = await localPlan(engine, count);
    const cluster = new LocalCluster(plan, mkdtempSync(join(tmpdir(), 'quorate-interop-')));
    const { code, stderr } = await quorate(['init', '--yes', '--answers', '-', '--dir', cluster.dir], printPlan(plan));
    if (code === 0) return cluster;
    await cluster.stop();
    throw new Error(`quorate init ended with ${code}:\n${stderr}`);
  }

  get members(): readonly string[] {
    return this.plan.members.map(({ name }) => name);
  }

  get endpoints(): readonly string[] {
    return this.plan.members.map(clientUrl);
  }

  /** Ends members, all at once, by killing them unless another signal is named; resolves when they are gone. */
  async kill(names: readonly string[], signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const pids = await Promise.all(names.map((name) => pidOf(this.dir, name)));
    for (const pid of pids) if (pid !== undefined) process.kill(pid, signal);
    while ((await Promise.all(names.map((name) => pidOf(this.dir, name)))).some(Boolean)) await delay(5);
  }

  tls(user: string): Required<ClientTls> {
    const { ca, certificate, key } = kitFiles(user);
    const read = (file: string): string => readFileSync(join(this.dir, file), 'utf8');
    return { ca: read(ca), cert: read(certificate), key: read(key) };
  }

  /**
   * What comes of asking as this user, with our own client.
   * @param members to ask; all when not given
   */
  async as<Result>(
    user: string,
    ask: (client: EtcdClient) => Promise<Result>,
    members: readonly string[] = this.members,
  ): Promise<Result> {
    const endpoints = this.plan.members.filter(({ name }) => members.includes(name)).map(clientUrl);
    const client = connect({ endpoints, tls: this.tls(user) });
    try {
      return await ask(client);
    } finally {
      client.close();
    }
  }

  /** What a member has logged. */
  log(member: string): string {
    return readFileSync(logPath(this.dir, member), 'utf8');
  }

  /** Starts a member that does not run, as `quorate up` does, with further settings. */
  async startMember(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const member = this.plan.members.find((each) => each.name === name);
    if (member === undefined) throw new Error(`there is no member ${name}`);
    const command = await commandOf(this.plan, member, this.dir);
    await startMember(this.dir, name, { ...command, environment: { ...command.environment, ...settings } });
  }

  /** The folder of all users' kits. */
  get kits(): string {
    return join(this.dir, 'users');
  }

  /** A command line in a shell that has sourced the user's kit; `KITS` is the folder of all of them. */
  async shell(user: string, command: string, variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const env = { PATH: process.env.PATH, KITS: this.kits, ...variables };
    const script = `. "$0"; ${command}`;
    const child = spawn('sh', ['-c', script, join(this.dir, kitFiles(user).environment)], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code, stdout, stderr };
  }

  /** A command of quorate on this cluster's DIR. */
  quorate(...command: readonly string[]): Promise<Ended> {
    return quorate([...command, '--dir', this.dir]);
  }

  /** Takes the members down and the folder away. */
  async stop(): Promise<void> {
    const gone = once(this.#undertaker, 'exit');
    this.#undertaker.stdin?.end();
    await gone;
  }
}
