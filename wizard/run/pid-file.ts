import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfPresent, replaceFile } from '#pki';
import { identityOf, isHere, mayBeAlive, type ProcessIdentity } from '../apply/process-identity.js';
import { WizardError } from '../errors.js';
import { runFolder } from '../layout.js';

// DIR/run/NAME.pid: the process of a member that was started here.

const suffix = '.pid';
const privateFile = 0o600;

const pidPath = (dir: string, name: string): string => join(dir, runFolder, `${name}${suffix}`);

/** The pid on a line of its own, for scripts, then what tells the process from a later one with its number. */
const pidText = ({ pid, host, started }: ProcessIdentity): string => `${pid}\n${host}\n${started}\n`;

function parse(text: string): ProcessIdentity | undefined {
  const [pid, host = '', started = ''] = text.split('\n');
  return /^[1-9]\d*$/.test(pid ?? '') ? { pid: Number(pid), host, started } : undefined;
}

/** The process that is the member's, unless it certainly is no more; a pid file that can't be read names none. */
async function recorded(dir: string, name: string): Promise<ProcessIdentity | undefined> {
  const text = await readTextIfPresent(pidPath(dir, name));
  const identity = text === undefined ? undefined : parse(text);
  return identity !== undefined && mayBeAlive(identity) ? identity : undefined;
}

/** The pid of a member that was started on this machine and still runs. */
export async function pidOf(dir: string, name: string): Promise<number | undefined> {
  const identity = await recorded(dir, name);
  return identity !== undefined && isHere(identity) ? identity.pid : undefined;
}

/**
 * The same for who is to start or stop it.
 * @throws WizardError `busy` when it was started on another machine, which a shared or copied DIR may tell
 */
export async function pidToActOn(dir: string, name: string): Promise<number | undefined> {
  const identity = await recorded(dir, name);
  if (identity === undefined || isHere(identity)) return identity?.pid;
  const { pid, host } = identity;
  const hint = `stop it there; if it does not run any more, delete ${pidPath(dir, name)}`;
  throw new WizardError(
    'busy',
    `member ${name} was started on ${host}, as process ${pid}`,
    { name, pid, host },
    { hint },
  );
}

export const recordPid = (dir: string, name: string, pid: number): Promise<void> =>
  replaceFile(pidPath(dir, name), pidText(identityOf(pid)), privateFile);

export const forgetPid = (dir: string, name: string): Promise<void> => rm(pidPath(dir, name), { force: true });

/** The members that have a pid file, whatever the plan says by now. */
export async function recordedNames(dir: string): Promise<readonly string[]> {
  const files = await readdir(join(dir, runFolder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw new WizardError(
      'files-refused',
      `${join(dir, runFolder)} can't be read: ${error.message}`,
      {},
      { cause: error },
    );
  });
  return files
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort();
}
