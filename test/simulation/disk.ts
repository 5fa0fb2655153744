import type { Disk, DiskFile } from '../../cluster/disk.js';

/** What a crash leaves of a write that was not synced: nothing, all of it, or some of its pieces of this size. */
export type Tearing = 'lose' | 'keep' | 512 | 4096;

interface Inode {
  content: Buffer;
  size: number;
  durable: Buffer;
  durableSize: number;
  /** Pieces of 512 bytes that differ from what is durable. */
  readonly dirty: Set<number>;
}

/** A change of a folder: names that appear or, with undefined, go. */
type FolderChange = readonly (readonly [path: string, inode: Inode | undefined])[];

const pieceBytes = 512;
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

const never = (): Promise<never> => new Promise(() => {});

const systemError = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

/**
 * A disk whose crashes lose what was not synced. Names and contents survive independently of one another, as POSIX
 * allows. After `crash` the files that were open never answer again, like those of a process that is gone.
 */
export class SimulatedDisk implements Disk {
  readonly #random: () => number;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #changes: FolderChange[] = [];
  #life = 0;
  #actions = 0;
  #crashAt = Number.POSITIVE_INFINITY;
  #onCrash = (): void => {};
  #bytesMax = Number.POSITIVE_INFINITY;
  #failing: { readonly action: 'write' | 'sync'; readonly code: string } | undefined;

  /** `random` gives numbers from 0 up to 1; the same ones make the same disk. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Actions (writes, syncs, renames…) so far. */
  get actions(): number {
    return this.#actions;
  }

  /** Resolves when the disk has crashed, or its process was killed, at the `actions`-th action from now on. */
  crashAfter(actions: number, ending: Tearing | 'kill'): Promise<void> {
    this.#crashAt = this.#actions + actions;
    return new Promise((resolve) => {
      this.#onCrash = () => {
        if (ending === 'kill') this.kill();
        else this.crash(ending);
        resolve();
      };
    });
  }

  /** Files can take so many bytes in all from now on. */
  limit(bytesMax: number): void {
    this.#bytesMax = bytesMax;
  }

  /** The next such action fails with the system's error `code`. */
  failNext(action: 'write' | 'sync', code: string): void {
    this.#failing = { action, code };
  }

  /** Turns one bit of a file over, durably. */
  flip(path: string, offset: number, bit: number): void {
    const { content, durable } = this.#inode(path);
    content.writeUInt8(content.readUInt8(offset) ^ (1 << bit), offset);
    durable.writeUInt8(durable.readUInt8(offset) ^ (1 << bit), offset);
  }

  /** What a file holds right now. */
  content(path: string): Uint8Array {
    const { content, size } = this.#inode(path);
    return Uint8Array.from(content.subarray(0, size));
  }

  /** Puts a file there, durably. */
  place(path: string, content: Uint8Array): void {
    const bytes = () => Buffer.from(content);
    const size = content.length;
    const inode: Inode = { content: bytes(), size, durable: bytes(), durableSize: size, dirty: new Set() };
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** The process that uses the disk is gone, the machine goes on: nothing is lost, nor any more durable than before. */
  kill(): void {
    this.#life += 1;
    this.#crashAt = Number.POSITIVE_INFINITY;
  }

  /** The power goes and comes back. */
  crash(tearing: Tearing): void {
    this.kill();
    const kept = (): boolean => tearing === 'keep' || (tearing !== 'lose' && this.#random() < 0.5);
    for (const change of this.#changes) if (kept()) apply(this.#durableNames, change);
    this.#changes = [];
    for (const inode of new Set([...this.#names.values(), ...this.#durableNames.values()]))
      settle(inode, tearing, kept);
    this.#names = new Map(this.#durableNames);
  }

  /** The disk as a process sees it that ends with the next crash: after that its calls never end and change nothing. */
  boot(): Disk {
    const life = this.#life;
    return {
      list: async (folder) => this.#list(folder),
      makeFolder: async () => {},
      open: (path, { create }) =>
        this.#act(life, () => {
          const known = this.#names.get(path);
          if (create === (known !== undefined)) throw systemError(create ? 'EEXIST' : 'ENOENT', path);
          const inode = known ?? emptyInode();
          if (create) this.#change([[path, inode]]);
          return this.#file(path, inode, life);
        }),
      rename: (from, to) =>
        this.#act(life, () =>
          this.#change([
            [to, this.#inode(from)],
            [from, undefined],
          ]),
        ),
      remove: (path) =>
        this.#act(life, () => {
          this.#inode(path);
          this.#change([[path, undefined]]);
        }),
      syncFolder: (folder) =>
        this.#act(life, () => {
          const here = (change: FolderChange): boolean => change.some(([path]) => parentOf(path) === folder);
          for (const change of this.#changes.filter(here)) apply(this.#durableNames, change);
          this.#changes = this.#changes.filter((change) => !here(change));
        }),
    };
  }

  list(folder: string): Promise<string[]> {
    return this.boot().list(folder);
  }

  makeFolder(folder: string): Promise<void> {
    return this.boot().makeFolder(folder);
  }

  open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    return this.boot().open(path, options);
  }

  rename(from: string, to: string): Promise<void> {
    return this.boot().rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.boot().remove(path);
  }

  syncFolder(folder: string): Promise<void> {
    return this.boot().syncFolder(folder);
  }

  #list(folder: string): string[] {
    const inside = [...this.#names.keys()].filter((path) => parentOf(path) === folder);
    return inside.map((path) => path.slice(folder.length + 1)).sort();
  }

  #file(path: string, inode: Inode, life: number): DiskFile {
    return {
      write: async (bytes, offset) => {
        if (life !== this.#life) return never();
        // The bytes count as written from now on: a crash while they are under way may keep any of them.
        this.#checkRoom(path, inode, offset + bytes.length);
        write(inode, bytes, offset);
        await this.#act(life, () => {}, { action: 'write', path });
      },
      sync: async () => {
        const size = inode.size;
        const pieces = [...inode.dirty].map((piece) => [piece, Buffer.from(pieceOf(inode.content, piece))] as const);
        const effect = () => {
          for (const [piece, bytes] of pieces) makeDurable(inode, piece, bytes);
          inode.durableSize = Math.max(inode.durableSize, size);
        };
        await this.#act(life, effect, { action: 'sync', path });
      },
      readSync: (offset, length) =>
        Uint8Array.from(inode.content.subarray(offset, Math.min(offset + length, inode.size))),
      size: () => inode.size,
      truncate: (size) =>
        this.#act(life, () => {
          write(inode, new Uint8Array(Math.max(0, inode.size - size)), size);
          inode.size = size;
        }),
      close: async () => {},
    };
  }

  /** Counts the action, crashes if it is time to, fails it if it has to; in a life that is over it never ends. */
  async #act<Result>(
    life: number,
    effect: () => Result,
    what?: { action: 'write' | 'sync'; path: string },
  ): Promise<Result> {
    for (let turns = Math.floor(this.#random() * 4); turns > 0; turns -= 1) await undefined;
    if (life === this.#life) {
      this.#actions += 1;
      if (this.#actions >= this.#crashAt) this.#onCrash();
    }
    if (life !== this.#life) return never();
    const failing = this.#failing;
    if (failing === undefined || failing.action !== what?.action) return effect();
    this.#failing = undefined;
    throw systemError(failing.code, what.path);
  }

  #change(change: FolderChange): void {
    apply(this.#names, change);
    this.#changes.push(change);
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw systemError('ENOENT', path);
    return inode;
  }

  #checkRoom(path: string, inode: Inode, size: number): void {
    const used = [...this.#names.values()].reduce((sum, each) => sum + each.size, 0);
    if (used + Math.max(0, size - inode.size) > this.#bytesMax) throw systemError('ENOSPC', path);
  }
}

const emptyInode = (): Inode => ({
  content: Buffer.alloc(0),
  size: 0,
  durable: Buffer.alloc(0),
  durableSize: 0,
  dirty: new Set(),
});

function apply(names: Map<string, Inode>, change: FolderChange): void {
  for (const [path, inode] of change) {
    if (inode === undefined) names.delete(path);
    else names.set(path, inode);
  }
}

function grown(bytes: Buffer, size: number): Buffer {
  if (size <= bytes.length) return bytes;
  const larger = Buffer.alloc(Math.max(2 * bytes.length, Math.ceil(size / pieceBytes) * pieceBytes));
  bytes.copy(larger);
  return larger;
}

const pieceOf = (bytes: Buffer, piece: number): Buffer => bytes.subarray(piece * pieceBytes, (piece + 1) * pieceBytes);

function write(inode: Inode, bytes: Uint8Array, offset: number): void {
  if (bytes.length === 0) return;
  const end = offset + bytes.length;
  inode.content = grown(inode.content, end);
  inode.content.set(bytes, offset);
  inode.size = Math.max(inode.size, end);
  for (let piece = Math.floor(offset / pieceBytes); piece * pieceBytes < end; piece += 1) inode.dirty.add(piece);
}

function makeDurable(inode: Inode, piece: number, bytes: Buffer): void {
  inode.durable = grown(inode.durable, (piece + 1) * pieceBytes);
  bytes.copy(inode.durable, piece * pieceBytes);
  if (pieceOf(inode.content, piece).equals(bytes)) inode.dirty.delete(piece);
}

/** Decides for every piece that is not durable, or for eight together, whether the crash kept it. */
function settle(inode: Inode, tearing: Tearing, kept: () => boolean): void {
  const together = tearing === 4096 ? 4096 / pieceBytes : 1;
  const decisions = new Map<number, boolean>();
  for (const piece of [...inode.dirty].sort((a, b) => a - b)) {
    const group = Math.floor(piece / together);
    const keep = decisions.get(group) ?? kept();
    decisions.set(group, keep);
    if (!keep) continue;
    makeDurable(inode, piece, Buffer.from(pieceOf(inode.content, piece)));
    inode.durableSize = Math.max(inode.durableSize, Math.min(inode.size, (piece + 1) * pieceBytes));
  }
  inode.durable = grown(inode.durable, inode.durableSize);
  inode.content = Buffer.from(inode.durable);
  inode.size = inode.durableSize;
  inode.dirty.clear();
}
