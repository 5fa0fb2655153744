import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { ClusterError } from '../errors.js';
import { abstractSocketHolder } from '../transport/port-holder.js';

/**
 * Holds a folder for this process. The lock is a socket in Linux's abstract namespace, named after the folder's inode: the
 * kernel lets it go when the process ends, however it ends, so none is ever stale. Elsewhere nothing is held.
 */
export class FolderLock {
  readonly #server: Server | undefined;

  private constructor(server: Server | undefined) {
    this.#server = server;
  }

  /** @throws ClusterError data-dir-refused when another process holds the folder, naming it where that can be seen */
  static async take(folder: string): Promise<FolderLock> {
    if (process.platform !== 'linux') return new FolderLock(undefined);
    const { dev, ino } = await stat(folder, { bigint: true });
    const name = `quorate-${dev}-${ino}`;
    const server = createServer((socket) => socket.destroy());
    try {
      server.listen(`\0${name}`);
      await once(server, 'listening');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw notLocked(folder, cause);
      throw held(folder, (await abstractSocketHolder(name)) ?? 'another process', cause);
    }
    server.unref();
    return new FolderLock(server);
  }

  release(): void {
    this.#server?.close();
  }
}

const held = (folder: string, holder: string, cause: unknown): ClusterError =>
  new ClusterError(
    'data-dir-refused',
    `${holder} uses the data in ${folder}`,
    { folder, holder },
    {
      cause,
      hint: 'stop the member that runs on it, or give this one a --data-dir of its own',
    },
  );

const notLocked = (folder: string, cause: unknown): ClusterError =>
  new ClusterError(
    'data-dir-refused',
    `${folder} can't be held for this process alone: ${cause instanceof Error ? cause.message : cause}`,
    { folder },
    { cause, hint: 'a member may make Unix sockets: see what confines this process' },
  );
