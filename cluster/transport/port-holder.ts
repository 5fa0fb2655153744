import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

// Which process has a socket, as Linux tells it: the tables in /proc/net have the socket's inode, /proc/PID/fd who
// holds it (proc(5)).

const listening = '0A';

/** `name (pid N)`, or undefined when that is not to be found: another system, or another user's process. */
export async function portHolder(port: number): Promise<string | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(textOf));
  return holderOf(inodesOf(tables, port));
}

/** The same for a name in the abstract namespace, given without its zero byte. */
export async function abstractSocketHolder(name: string): Promise<string | undefined> {
  const rows = (await textOf('/proc/net/unix')).split('\n').map((line) => line.trim().split(/\s+/));
  // The kernel shows the zero byte as @, and one more for each that pads the name.
  const named = rows.filter((fields) => fields[7]?.replace(/@+$/, '') === `@${name}`);
  return holderOf(named.map((fields) => fields[6] ?? ''));
}

async function holderOf(inodes: readonly string[]): Promise<string | undefined> {
  if (inodes.length === 0) return undefined;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  for (const pid of await namesIn('/proc')) {
    if (/^\d+$/.test(pid) && (await holdsOneOf(pid, sockets))) {
      return `${await programOf(pid)} (pid ${pid})`;
    }
  }
  return undefined;
}

/** Who listens comes first; where nobody does, a connection that goes out from the port keeps it from others as well. */
function inodesOf(tables: readonly string[], port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix));
  const listeners = rows.filter((fields) => fields[3] === listening);
  return (listeners.length > 0 ? listeners : rows).map((fields) => fields[9] ?? '');
}

async function holdsOneOf(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  for (const fd of await namesIn(`/proc/${pid}/fd`)) {
    if (sockets.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) return true;
  }
  return false;
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
const namesIn = (path: string): Promise<string[]> => readdir(path).catch(() => []);

/** By its file: what a process calls itself may be anything, and Node 24 calls itself MainThread. */
const programOf = (pid: string): Promise<string> =>
  readlink(`/proc/${pid}/exe`).then(
    (file) => basename(file),
    async () => (await textOf(`/proc/${pid}/comm`)).trim(),
  );
