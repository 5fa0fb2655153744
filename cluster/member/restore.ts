import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ClusterError } from '../errors.js';
import { Log } from '../log/log.js';
import { nodeDisk } from '../log/node-disk.js';
import { type Reading, SnapshotReader } from '../maintenance/index.js';
import { initialClusterId } from '../members/ids.js';
import { initialMembers, type Member } from '../members/members.js';
import { type ClusterId, term } from '../numbers.js';
import { type DataDir, dataDir, encodeIdentity, makeDataDir } from './data-dir.js';
import { restoredMark, tokenOf, writeRestoredMark } from './restored-mark.js';
import { type RestoredState, restoredIndex, restoreState } from './restored-state.js';

export interface RestoreOrder {
  readonly file: string;
  /** All first members of the new cluster. */
  readonly members: readonly { readonly name: string; readonly peerUrls: readonly string[] }[];
  readonly token: string;
  /** Those of them whose data is made here, and where. */
  readonly targets: readonly { readonly name: string; readonly dataDir: string; readonly walDir?: string }[];
  /** For a database out of a data folder, which has no digest. */
  readonly skipHashCheck: boolean;
  /** Raises the revision by so much and compacts up to there; 0: does not. */
  readonly bump: number;
}

export interface Restored extends RestoredState {
  readonly clusterId: ClusterId;
  readonly members: readonly Member[];
}

/**
 * Makes the data of a new cluster's members from a snapshot of ours or of an etcd: keys with their history, leases, users
 * and roles. Everything is made beside its place and moved there at the end; when anything fails, nothing is left.
 * @throws ClusterError data-dir-refused (there is something already), snapshot-refused, snapshot-damaged, disk-full, cancelled
 */
export async function restoreSnapshot(order: RestoreOrder, reading: Reading = {}): Promise<Restored> {
  for (const { dataDir: root, walDir } of order.targets) {
    await checkFree(root);
    if (walDir !== undefined) await checkFree(walDir);
  }
  const snapshot = SnapshotReader.open(order.file);
  const made: Made[] = [];
  try {
    const { sha256, missing } = await snapshot.digest(reading);
    if (missing && !order.skipHashCheck) throw withoutDigest(snapshot.path);
    const mark = restoredMark(sha256, order.bump);
    const members = initialMembers(order.members, tokenOf(order.token, mark));
    const clusterId = initialClusterId(members.map(({ id }) => id));
    for (const { dataDir: root, walDir } of order.targets) made.push(await place(root, walDir));
    const state = await fill(made, (path) => restoreState(snapshot, { path, members, bump: order.bump }, reading));
    for (const [number, { name }] of order.targets.entries()) {
      const dir = made[number]?.dir;
      if (dir !== undefined) await finish(dir, { name, mark, members, clusterId });
    }
    await settle(made);
    return { ...state, clusterId, members };
  } catch (error) {
    for (const each of made) await each.discard();
    throw failureOf(error, order);
  } finally {
    snapshot.close();
  }
}

/** A data folder that is being made. */
interface Made {
  readonly dir: DataDir;
  /** Where it, and a log of its own place, are made, and where they go to. */
  readonly moves: readonly (readonly [from: string, to: string])[];
  discard(): Promise<void>;
}

async function place(root: string, walDir: string | undefined): Promise<Made> {
  const besides: string[] = [];
  const beside = async (target: string): Promise<string> => {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(dirname(target), `.${basename(target)}.restoring-`));
    besides.push(folder);
    return folder;
  };
  const discard = async (): Promise<void> => {
    for (const folder of besides) await rm(folder, { recursive: true, force: true });
  };
  try {
    const from = await beside(root);
    const log = walDir === undefined ? undefined : await beside(walDir);
    const dir = dataDir(from, log);
    await makeDataDir(dir);
    const moves = [
      [from, root] as const,
      ...(log === undefined || walDir === undefined ? [] : [[log, walDir] as const]),
    ];
    return { dir, moves, discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** The state of all is the same: it is made once. */
async function fill<Result>(made: readonly Made[], make: (path: string) => Promise<Result>): Promise<Result> {
  const paths = made.map(({ dir }) => join(dir.store, 'data.mdb'));
  const [first = '', ...others] = paths;
  const result = await make(first);
  for (const path of others) {
    await copyFile(first, path);
    await syncFile(path);
  }
  return result;
}

interface Whose {
  readonly name: string;
  readonly mark: string;
  readonly members: readonly Member[];
  readonly clusterId: ClusterId;
}

/** The log begins after the one entry that the state came from. */
async function finish(dir: DataDir, { name, mark, members, clusterId }: Whose): Promise<void> {
  const self = members.find((member) => member.name === name);
  if (self === undefined) throw new ClusterError('flag-refused', `--initial-cluster has no member named ${name}`);
  await writeRestoredMark(dir.root, mark);
  const membership = { voters: members.map(({ id }) => id), outgoing: [], learners: [] };
  const begin = { index: restoredIndex, term: term(1), membership };
  const identity = encodeIdentity({ clusterId, memberId: self.id, name });
  const log = await Log.create(nodeDisk, dir.log, identity, begin);
  await log.close();
  for (const folder of [dir.log, dir.store, dir.root]) await nodeDisk.syncFolder(folder);
}

/** To their places; when one can't be moved, those that were go back. */
async function settle(made: readonly Made[]): Promise<void> {
  const done: (readonly [from: string, to: string])[] = [];
  try {
    for (const [from, to] of made.flatMap(({ moves }) => moves)) {
      await rename(from, to);
      done.push([from, to]);
      await nodeDisk.syncFolder(dirname(to));
    }
  } catch (error) {
    for (const [from, to] of done.reverse()) await rename(to, from);
    throw error;
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await nodeDisk.open(path, { create: false });
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function checkFree(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw refused(folder, error.code === 'ENOTDIR' ? 'it is no folder' : error.message, error);
  });
  if (found.length > 0) throw refused(folder, 'there is something in it already', undefined);
}

const refused = (folder: string, why: string, cause: unknown): ClusterError =>
  new ClusterError(
    'data-dir-refused',
    `nothing is restored into ${folder}: ${why}`,
    { folder },
    { cause, hint: `stop the member and move what is there out of the way: mv ${folder} ${folder}.old` },
  );

const withoutDigest = (path: string): ClusterError =>
  new ClusterError(
    'snapshot-refused',
    `${path} does not end with the SHA-256 that a snapshot has: it was cut off, or is a db file out of a data folder`,
    { path },
    { hint: 'take another copy of the snapshot; --skip-hash-check takes a db file, of a member that was stopped' },
  );

const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

function failureOf(cause: unknown, { targets }: RestoreOrder): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (!full.has(code)) return cause;
  const where = targets.map(({ dataDir: root }) => root).join(', ');
  const hint = 'free some space there; what was begun has been removed again';
  return new ClusterError('disk-full', `no space left for ${where}`, { where }, { cause, hint });
}
