import { spawnSync } from 'node:child_process';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

// Puts itself between pki/files.ts and Node's file functions. Tests that use it must be serial and alone in their process.

const calls = ['mkdir', 'open', 'link', 'rename', 'unlink', 'rm'] as const;
const handleCalls = ['writeFile', 'chmod', 'sync', 'datasync', 'truncate'] as const;

/** Is asked before each change to the disk, which then fails with the error, if there is one. */
type Refuse = (step: number) => Error | undefined;

export class Killed extends Error {}

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** A kill at step `n`: nothing more reaches the disk, no clearing up either, and half of a file may have. */
export const killedAt =
  (n: number): Refuse =>
  (step) =>
    step >= n ? new Killed(`killed at step ${n}`) : undefined;

/** Step `n` fails as the disk would say it, and the rest works. */
export const failingAt =
  (n: number, code: string): Refuse =>
  (step) =>
    step === n ? failure(code) : undefined;

export interface Outcome {
  /** How many changes were asked for. */
  readonly steps: number;
  readonly error: unknown;
}

export async function onDisk(refuse: Refuse, work: () => Promise<unknown>): Promise<Outcome> {
  const originals = { ...fs };
  let steps = 0;
  const check = (): void => {
    const error = refuse(steps++);
    if (error !== undefined) throw error;
  };
  for (const name of calls) {
    const original = originals[name] as (...args: unknown[]) => Promise<unknown>;
    const replacement = async (...args: unknown[]): Promise<unknown> => {
      check();
      const result = await original(...args);
      return name === 'open' ? watched(result as FileHandle, check) : result;
    };
    Object.assign(fs, { [name]: replacement });
  }
  syncBuiltinESMExports();
  try {
    await work();
    return { steps, error: undefined };
  } catch (error) {
    return { steps, error };
  } finally {
    Object.assign(fs, originals);
    syncBuiltinESMExports();
  }
}

function watched(handle: FileHandle, check: () => void): FileHandle {
  for (const name of handleCalls) {
    const original = handle[name].bind(handle) as (...args: unknown[]) => Promise<unknown>;
    const replacement = async (...args: unknown[]): Promise<unknown> => {
      try {
        check();
      } catch (error) {
        if (name === 'writeFile') await original(half(args[0]));
        throw error;
      }
      return await original(...args);
    };
    Object.assign(handle, { [name]: replacement });
  }
  return handle;
}

const half = (content: unknown): Uint8Array => {
  const whole = Buffer.from(content as string | Uint8Array);
  return whole.subarray(0, whole.length >> 1);
};

/** Runs `work` under the id of a process that is over, so that what it leaves behind belongs to nobody. */
export async function asDeadProcess(work: () => Promise<void>): Promise<void> {
  const own = process.pid;
  const { pid } = spawnSync(process.execPath, ['--version']);
  Object.defineProperty(process, 'pid', { value: pid, configurable: true });
  try {
    await work();
  } finally {
    Object.defineProperty(process, 'pid', { value: own, configurable: true });
  }
}
