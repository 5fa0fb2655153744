import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Kills once so many commits were reported, some milliseconds later so that it falls anywhere in the next. Returns the last reported. */
export async function killAfter(child: ChildProcess, reports: number, delayMs: number): Promise<number> {
  let last = 0;
  let seen = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = chunk.toString().trim().split('\n');
    last = Number(lines.at(-1));
    seen += lines.length;
    if (seen >= reports) setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  await once(child, 'close');
  return last;
}
