import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '#pki';
import { memberSettings } from '../artifacts/member-settings.js';
import { WizardError } from '../errors.js';
import { memberData } from '../layout.js';
import type { Member, Plan } from '../plan/plan.js';
import { findInPath } from './engine.js';

// etcd's own tools make the data of members of a real etcd.

export interface EtcdRestore {
  readonly plan: Plan;
  /** Absolute. */
  readonly dir: string;
  readonly file: string;
  /** Further flags of the tool. */
  readonly flags: readonly string[];
  readonly signal: AbortSignal;
}

const run = promisify(execFile);

/** etcdutl is etcdctl's heir from 3.5 on; from 3.6 on etcdctl restores no more. */
const tools = ['etcdutl', 'etcdctl'];

/** @throws WizardError engine-missing, files-refused, member-failed (with what the tool said), cancelled */
export async function restoreWithEtcd({ plan, dir, file, flags, signal }: EtcdRestore): Promise<string> {
  const tool = await findTool();
  const targets = plan.members.map((member) => ({ member, data: join(dir, memberData(member.name)) }));
  for (const { data } of targets) await checkFree(data);
  const made: { readonly beside: string; readonly data: string }[] = [];
  try {
    for (const { member, data } of targets) {
      // Whoever set all data aside took the folder with it.
      await makeFolder(dirname(data));
      const beside = await mkdtemp(join(dirname(data), `.${basename(data)}.restoring-`));
      made.push({ beside, data });
      const args = ['snapshot', 'restore', file, ...identityFlags(plan, member, dir), ...flags];
      await restoreOne(tool, [...args, '--data-dir', join(beside, 'data')], signal);
    }
    await moveAll(made);
    return tool;
  } finally {
    for (const { beside } of made) await rm(beside, { recursive: true, force: true });
  }
}

/** All, or none: those that were moved go back when one can't be. */
async function moveAll(made: readonly { readonly beside: string; readonly data: string }[]): Promise<void> {
  const done: (typeof made)[number][] = [];
  try {
    for (const each of made) {
      await rename(join(each.beside, 'data'), each.data);
      done.push(each);
    }
  } catch (error) {
    for (const { beside, data } of done) await rename(data, join(beside, 'data'));
    throw error;
  }
}

function identityFlags(plan: Plan, member: Member, dir: string): readonly string[] {
  const settings = memberSettings(plan, member, dir);
  return [
    ...['--name', member.name],
    ...['--initial-cluster', settings.ETCD_INITIAL_CLUSTER ?? ''],
    ...['--initial-cluster-token', settings.ETCD_INITIAL_CLUSTER_TOKEN ?? ''],
    ...['--initial-advertise-peer-urls', settings.ETCD_INITIAL_ADVERTISE_PEER_URLS ?? ''],
  ];
}

async function restoreOne(tool: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const environment = Object.entries(process.env).filter(([name]) => !/^ETCD/.test(name));
  try {
    await run(tool, args, { signal, env: { ...Object.fromEntries(environment), ETCDCTL_API: '3' } });
  } catch (cause) {
    if (signal.aborted) throw new WizardError('cancelled', 'cancelled; nothing was restored', {}, { cause });
    const said = String((cause as { stderr?: unknown }).stderr ?? '').trim();
    const words = said.split('\n').at(-1) || (cause instanceof Error ? cause.message : String(cause));
    throw new WizardError('member-failed', `${tool} refused: ${words}`, { tool }, { cause });
  }
}

async function findTool(): Promise<string> {
  for (const tool of tools) {
    const file = await findInPath(tool);
    if (file !== undefined) return file;
  }
  const hint = 'install one (Debian: apt install etcd-client), or set engine: included in the plan';
  throw new WizardError(
    'engine-missing',
    'the plan says engine: etcd, and neither etcdutl nor etcdctl is in PATH',
    {},
    { hint },
  );
}

async function checkFree(folder: string): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  if (found.length === 0) return;
  const hint = `stop the member and move what is there out of the way: mv ${folder} ${folder}.old`;
  throw new WizardError(
    'files-refused',
    `nothing is restored into ${folder}: there is something in it already`,
    { folder },
    { hint },
  );
}
