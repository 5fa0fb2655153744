// The disk as the log sees it: so narrow that a simulated one can lose what was not synced.

export interface DiskFile {
  /** Writes all of `bytes` at `offset`. Rejects with the system's error (ENOSPC…). */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Everything written before the call is durable when it resolves (fdatasync). */
  sync(): Promise<void>;
  /** Reads up to `length` bytes; shorter at the end of the file. */
  readSync(offset: number, length: number): Uint8Array;
  size(): number;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  /** Names of the files in the folder, in order; [] when it is missing. */
  list(folder: string): Promise<string[]>;
  /** With those above it, durably; one that is there already is fine. */
  makeFolder(folder: string): Promise<void>;
  /** Opens for reading and writing. `create`: must not exist. */
  open(path: string, options: { readonly create: boolean }): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in the folder durable. */
  syncFolder(folder: string): Promise<void>;
}
