import { type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** To whoever watches, beside the results. */
export const say = (text: string): boolean => process.stderr.write(`${text}\n`);

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds that the processes have used so far, all threads. */
export const cpuSeconds = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }, 0);

const statusMegabytes = (pid: number, field: string): number => {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
};

/** Of the largest of the processes, in MB: now, and at its highest since it began. */
export const memoryMegabytes = (pids: readonly number[]): { readonly now: number; readonly peak: number } => ({
  now: Math.max(...pids.map((pid) => statusMegabytes(pid, 'VmRSS'))),
  peak: Math.max(...pids.map((pid) => statusMegabytes(pid, 'VmHWM'))),
});

/** Runs a command to its end and gives its stdout; a failure carries its stderr. */
export function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<string> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // Not `close`: a member left running may hold the pipes open.
    child.once('exit', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.slice(-2000)}`));
    });
  });
}
