import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from later ones with its number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** When it was started, in a unit of the system's; empty where there is no /proc. */
  readonly started: string;
}

interface Stat {
  readonly state: string;
  readonly started: string;
}

/** What proc(5) says in stat, counted after the name in brackets: field 3, the state, and field 22, the tick it was started at. */
function statOf(pid: number): Stat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { state: fields[0] ?? '', started: `${boot}:${fields[19]}` };
  } catch {
    return undefined;
  }
}

export const identityOf = (pid: number): ProcessIdentity => ({
  pid,
  host: hostname(),
  started: statOf(pid)?.started ?? '',
});

/** Of Linux on every platform that Node knows. */
const ticksPerSecond = 100;

/** When a process of this machine was started, within some 10 ms; undefined where there is no /proc. */
export function startTimeOf(pid: number): Date | undefined {
  const [, tick] = statOf(pid)?.started.split(':') ?? [];
  if (tick === undefined) return undefined;
  const [uptime] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return new Date(Date.now() - 1000 * (Number(uptime) - Number(tick) / ticksPerSecond));
}

export const isHere = ({ host }: ProcessIdentity): boolean => host === hostname();

/** False only when the process certainly is no more: one on another host counts as alive. */
export function mayBeAlive(identity: ProcessIdentity): boolean {
  const { pid, started } = identity;
  if (!isHere(identity)) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const now = statOf(pid);
  // A zombie takes signals as if it lived; in a container without an init nobody ever buries it.
  if (now?.state === 'Z' || now?.state === 'X') return false;
  return started === '' || now === undefined || started === now.started;
}
