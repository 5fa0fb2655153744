import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '#pki';
import { WizardError } from '../errors.js';
import { runFolder } from '../layout.js';
import type { Command } from './engine.js';
import { lastWords, logPath } from './member-log.js';
import { forgetPid, pidToActOn, recordPid } from './pid-file.js';

/** A member's process that this one has started. It outlives this process unless it is stopped. */
export interface StartedMember {
  readonly name: string;
  /** Resolves when its process has ended, with how and why; `details.code` is 0 when it was told to. */
  readonly ended: Promise<WizardError>;
}

const privateFile = 0o600;

/** @throws WizardError `files-refused` when its log can't be written, `member-failed` when its program can't be run */
export async function startMember(dir: string, name: string, command: Command): Promise<StartedMember> {
  await makeFolder(join(dir, runFolder));
  const path = logPath(dir, name);
  const log = await open(path, 'a', privateFile).catch((cause: Error) => {
    throw new WizardError(
      'files-refused',
      `the log of ${name} can't be written: ${cause.message}`,
      { path },
      { cause },
    );
  });
  try {
    const { size: logFrom } = await log.stat();
    const child = await spawned(command, dir, log.fd);
    const ended = endOf(child, dir, name, logFrom);
    await recordPid(dir, name, child.pid ?? 0).catch((error: unknown) => {
      // Without its file nobody would find the process again.
      child.kill('SIGKILL');
      throw error;
    });
    child.unref();
    return { name, ended };
  } finally {
    await log.close();
  }
}

/** Detached: in a session of its own, which neither Ctrl-C nor the end of the terminal reaches. */
async function spawned({ file, args, environment }: Command, dir: string, log: number): Promise<ChildProcess> {
  const child = spawn(file, args, { cwd: dir, env: environment, detached: true, stdio: ['ignore', log, log] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new WizardError('member-failed', `${file} can't be run: ${cause.message}`, { file }, { cause })),
    );
  });
  return child;
}

function endOf(child: ChildProcess, dir: string, name: string, logFrom: number): Promise<WizardError> {
  return new Promise((resolve) => {
    child.once('exit', async (code, signal) => {
      const details = { name, code, signal };
      if (code === 0) {
        resolve(new WizardError('member-failed', `member ${name} was told to stop by somebody else`, details));
        return;
      }
      const how = signal === null ? `ended with code ${code}` : `was killed by ${signal}`;
      const { text, hint } = await lastWords(dir, name, logFrom);
      const whole = `the whole log is ${logPath(dir, name)}`;
      resolve(
        new WizardError('member-failed', `member ${name} ${how}: ${text}`, details, {
          hint: hint === undefined ? whole : `${hint}; ${whole}`,
        }),
      );
    });
  });
}

const askedMs = 10_000;
const killedMs = 5_000;
const lookMs = 20;

/** False when there is no such process any more. */
function sendSignal(name: string, pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ESRCH') return false;
    const hint = 'run this as the user who started it';
    throw new WizardError(
      'member-failed',
      `member ${name}, process ${pid}, can't be stopped: ${code}`,
      { name, pid },
      { cause, hint },
    );
  }
}

async function hasEnded(dir: string, name: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while ((await pidToActOn(dir, name)) !== undefined) {
    if (Date.now() > deadline) return false;
    await delay(lookMs);
  }
  return true;
}

/**
 * Ends the member: asked first, made to after 10 s. False when it was not running.
 * @throws WizardError `busy`, `member-failed`
 */
export async function stopMember(dir: string, name: string): Promise<boolean> {
  const pid = await pidToActOn(dir, name);
  if (pid !== undefined && sendSignal(name, pid, 'SIGTERM') && !(await hasEnded(dir, name, askedMs))) {
    sendSignal(name, pid, 'SIGKILL');
    if (!(await hasEnded(dir, name, killedMs)))
      throw new WizardError('member-failed', `member ${name}, process ${pid}, does not end although it was killed`, {
        name,
        pid,
      });
  }
  await forgetPid(dir, name);
  return pid !== undefined;
}

/** All at once. @returns the names of those that ran. @throws the first failure, once all have been tried */
export async function stopMembers(dir: string, names: readonly string[]): Promise<readonly string[]> {
  const outcomes = await Promise.allSettled(names.map((name) => stopMember(dir, name)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return names.filter((_, place) => (outcomes[place] as PromiseFulfilledResult<boolean>).value);
}
