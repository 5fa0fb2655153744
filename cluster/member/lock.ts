import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { ClusterError } from '../errors.js';

/**
 * Holds a folder for this process. The lock is a socket in Linux's abstract namespace, named after the folder's inode: the
 * kernel lets it go when the process ends, however it ends, so none is ever stale. Elsewhere nothing is held.
 */
export class FolderLock {
  readonly #server: Server | undefined;

  private constructor(server: Server | undefined) {
    this.#server = server;
  }

  /** @throws ClusterError data-dir-refused when another process holds the folder */
  static async take(folder: string): Promise<FolderLock> {
    if (process.platform !== 'linux') return new FolderLock(undefined);
    const { dev, ino } = await stat(folder, { bigint: true });
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(held(folder, cause)));
      server.listen(`\0quorate-${dev}-${ino}`, resolve);
    });
    server.unref();
    return new FolderLock(server);
  }

  release(): void {
    this.#server?.close();
  }
}

const held = (folder: string, cause: unknown): ClusterError =>
  new ClusterError(
    'data-dir-refused',
    `another process uses the data in ${folder}`,
    { folder },
    {
      cause,
      hint: 'stop the member that runs on it, or give this one a --data-dir of its own',
    },
  );
