import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, readTextIfPresent, replaceFile } from '#pki';
import { identityOf, mayBeAlive, type ProcessIdentity } from '../apply/process-identity.js';
import { runFolder } from '../layout.js';
import type { Command } from './engine.js';

/** A member that runs on this machine: its process, and its log in DIR/run. */
export interface RunningMember {
  readonly name: string;
  readonly pid: number;
}

export const logPath = (dir: string, name: string): string => join(dir, runFolder, `${name}.log`);
const pidPath = (dir: string, name: string): string => join(dir, runFolder, `${name}.pid`);

/** The pid on a line of its own, for scripts, then what tells the process from a later one with its number. */
const pidText = ({ pid, host, started }: ProcessIdentity): string => `${pid}\n${host}\n${started}\n`;

function parsePid(text: string): ProcessIdentity | undefined {
  const [pid, host = '', started = ''] = text.split('\n');
  return /^\d+$/.test(pid ?? '') ? { pid: Number(pid), host, started } : undefined;
}

/** The member's process, if `start` began one here and it still is there. */
export async function runningMember(dir: string, name: string): Promise<RunningMember | undefined> {
  const text = await readTextIfPresent(pidPath(dir, name));
  const identity = text === undefined ? undefined : parsePid(text);
  return identity !== undefined && mayBeAlive(identity) ? { name, pid: identity.pid } : undefined;
}

/** Starts a member that outlives this process unless it is stopped; what it says goes to its log. */
export async function startMember(
  dir: string,
  name: string,
  { file, args, environment }: Command,
): Promise<ChildProcess> {
  await makeFolder(join(dir, runFolder));
  const log = await open(logPath(dir, name), 'a', 0o600);
  try {
    const child = spawn(file, args, { cwd: dir, env: environment, detached: true, stdio: ['ignore', log.fd, log.fd] });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    await replaceFile(pidPath(dir, name), pidText(identityOf(child.pid ?? 0)), 0o600);
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

const graceMs = 10_000;

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Ends the member: asked first, made to after 10 s. False when it was not running. */
export async function stopMember(dir: string, name: string): Promise<boolean> {
  const member = await runningMember(dir, name);
  if (member !== undefined) {
    signal(member.pid, 'SIGTERM');
    const deadline = Date.now() + graceMs;
    while ((await runningMember(dir, name)) !== undefined) {
      if (Date.now() > deadline) signal(member.pid, 'SIGKILL');
      await wait(20);
    }
  }
  await rm(pidPath(dir, name), { force: true });
  return member !== undefined;
}

/** The end of a member's log, for an error message. */
export async function logTail(dir: string, name: string, lines: number): Promise<string> {
  const text = await readFile(logPath(dir, name), 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
