import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The bin. */
export const main = fileURLToPath(new URL('../../../bundle/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

export function start(args: readonly string[], input = '', environment: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, QUORATE_DIR: '', NO_COLOR: '', ...environment },
  });
  child.stdin.end(input);
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code]]) => ({ code, stdout, stderr }),
  );
  return { ended, kill: (signal) => child.kill(signal) };
}

/** Runs quorate without a terminal. */
export const quorate = (args: readonly string[], input = '', environment: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  start(args, input, environment).ended;
