import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from later ones with its number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** When it was started, in a unit of the system's; empty where there is no /proc. */
  readonly started: string;
}

/** The boot and the tick that a process was started at (proc(5): field 22 of stat, counted after the name in brackets). */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${ticks}`;
  } catch {
    return '';
  }
}

export const identityOf = (pid: number): ProcessIdentity => ({ pid, host: hostname(), started: startOf(pid) });

/** False only when the process certainly is no more: one on another host counts as alive. */
export function mayBeAlive({ pid, host, started }: ProcessIdentity): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return started === '' || now === '' || started === now;
}
