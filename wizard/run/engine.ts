import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { memberSettings } from '../artifacts/member-settings.js';
import { WizardError } from '../errors.js';
import type { Engine, Member, Plan } from '../plan/plan.js';
import { program } from '../version.js';

/** What to run for a member; its settings are all in the environment, secrets in none of it. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Undefined: nothing of that name that could be run is in PATH. */
export async function findInPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, program);
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && runs) return file;
  }
  return undefined;
}

/**
 * Members of one machine share its processors and its memory: the helper threads of one's garbage collection stand in the way of the
 * others' puts, and a young generation of 3 x 16 MB keeps what one of 3 x 2 MB collects as quickly (bench/README.md).
 */
const nodeFlags = ['--single-threaded-gc', '--max-semi-space-size=2', '--v8-pool-size=1'];

/** Of etcd: `[3, 6]`. */
export type Release = readonly [major: number, minor: number];

const versionPatienceMs = 5_000;

/** Undefined where none is in PATH, or it does not say. */
export async function installedEtcd(): Promise<Release | undefined> {
  const file = await findInPath('etcd');
  if (file === undefined) return undefined;
  const said = promisify(execFile)(file, ['--version'], { timeout: versionPatienceMs }).catch(() => ({ stdout: '' }));
  const [, major, minor] = /^etcd Version: (\d+)\.(\d+)/m.exec((await said).stdout) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

async function programOf(engine: Engine): Promise<Pick<Command, 'file' | 'args'>> {
  if (engine === 'included') return { file: process.execPath, args: [...nodeFlags, program, 'serve'] };
  const file = await findInPath('etcd');
  if (file !== undefined) return { file, args: [] };
  throw new WizardError(
    'engine-missing',
    'the plan says engine: etcd, but there is no etcd in PATH',
    {},
    {
      hint: 'install it (Debian: apt install etcd-server), or set engine: included in the plan',
    },
  );
}

/** An ETCD_* variable of ours would be a setting of every member. */
const inherited = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('ETCD_') ? [] : [[name, value]],
    ),
  );

/**
 * @param dir absolute
 * @throws WizardError engine-missing
 */
export async function commandOf(plan: Plan, member: Member, dir: string): Promise<Command> {
  return {
    ...(await programOf(plan.cluster.engine)),
    environment: { ...inherited(), ...memberSettings(plan, member, dir) },
  };
}
