import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../errors.js';
import { type ClusterId, clusterId, idText, type MemberId, memberId } from '../numbers.js';

/** Where a member keeps what: `--data-dir` holds one folder of each; the log may be elsewhere (`--wal-dir`). */
export interface DataDir {
  readonly root: string;
  readonly log: string;
  readonly store: string;
  readonly snapshots: string;
}

/** Whose data it is; the log carries it from its first byte on. */
export interface Identity {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly name: string;
  /** --initial-cluster-token; absent in data of before it was kept. */
  readonly token?: string;
}

export const dataDir = (root: string, log?: string): DataDir => ({
  root,
  log: log ?? join(root, 'log'),
  store: join(root, 'store'),
  snapshots: join(root, 'snapshots'),
});

/** Makes the folders, 0700. @throws ClusterError data-dir-refused when that, or writing there, is not possible */
export async function makeDataDir({ root, store, snapshots }: DataDir): Promise<void> {
  try {
    for (const folder of [root, store, snapshots]) await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw refused(root, cause);
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read and write there',
  EPERM: 'this user may not read and write there',
  EROFS: 'it is on a file system that can only be read',
  // What Node says of mkdir -p on such a one.
  ENOENT: 'it can not be made; is the file system mounted read-only?',
  ENOTDIR: 'something on the way to it is no folder',
  EEXIST: 'there is something that is no folder',
};

function refused(root: string, cause: unknown): ClusterError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const hint = 'free some space there; nothing was lost';
    return new ClusterError('disk-full', `no space for the data directory ${root}`, { root }, { cause, hint });
  }
  const what = `the data directory ${root} can't be used: ${reasons[code] ?? message}`;
  const hint = 'it must be a folder that this user may read and write; see --data-dir';
  return new ClusterError('data-dir-refused', what, { root, code }, { cause, hint });
}

export const encodeIdentity = (identity: Identity): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      cluster: idText(identity.clusterId),
      member: idText(identity.memberId),
      name: identity.name,
      token: identity.token,
    }),
  );

export function decodeIdentity(bytes: Uint8Array): Identity {
  const { cluster, member, name, token } = JSON.parse(Buffer.from(bytes).toString()) as Record<string, string>;
  const ids = { clusterId: clusterId(BigInt(`0x${cluster}`)), memberId: memberId(BigInt(`0x${member}`)) };
  return { ...ids, name: name ?? '', ...(token === undefined ? {} : { token }) };
}

/**
 * Whether the data is this member's: its name and the cluster's token are those that it was made with. Ids follow from
 * flags only at the beginning of a cluster.
 * @throws ClusterError data-dir-refused when the data is another member's or another cluster's
 */
export function checkOwner(found: Identity, mine: Identity, root: string): void {
  const isCluster = found.token === undefined ? found.clusterId === mine.clusterId : found.token === mine.token;
  if (found.name !== mine.name || !isCluster) throw anothers(found, mine, isCluster ? 'member' : 'cluster', root);
}

/** @throws ClusterError data-dir-refused when the data is another member's or another cluster's */
export function checkIdentity(bytes: Uint8Array, mine: Identity, root: string): void {
  const found = decodeIdentity(bytes);
  if (found.clusterId === mine.clusterId && found.memberId === mine.memberId) return;
  throw anothers(found, mine, found.clusterId === mine.clusterId ? 'member' : 'cluster', root);
}

function anothers(found: Identity, mine: Identity, whose: 'member' | 'cluster', root: string): ClusterError {
  const [cluster, member] = [idText(found.clusterId), idText(found.memberId)];
  return new ClusterError(
    'data-dir-refused',
    `${root} holds the data of another ${whose}: member ${found.name} (${member}) of cluster ${cluster}; ` +
      `this is ${mine.name} (${idText(mine.memberId)}) of cluster ${idText(mine.clusterId)}`,
    { root, found: { cluster, member, name: found.name } },
    {
      hint: 'check --data-dir, --name, --initial-cluster and --initial-cluster-token against those that the data was made with',
    },
  );
}
