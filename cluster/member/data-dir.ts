import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../errors.js';
import { type ClusterId, clusterId, idText, type MemberId, memberId } from '../numbers.js';

/** Where a member keeps what: `--data-dir` holds one folder of each. */
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
}

export const dataDir = (root: string): DataDir => ({
  root,
  log: join(root, 'log'),
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
    JSON.stringify({ cluster: idText(identity.clusterId), member: idText(identity.memberId), name: identity.name }),
  );

/** @throws ClusterError data-dir-refused when the data is another member's or another cluster's */
export function checkIdentity(bytes: Uint8Array, mine: Identity, root: string): void {
  const { cluster, member, name } = JSON.parse(Buffer.from(bytes).toString()) as Record<
    'cluster' | 'member' | 'name',
    string
  >;
  const theirs = { clusterId: clusterId(BigInt(`0x${cluster}`)), memberId: memberId(BigInt(`0x${member}`)), name };
  if (theirs.clusterId === mine.clusterId && theirs.memberId === mine.memberId) return;
  const whose = theirs.clusterId === mine.clusterId ? 'another member' : 'another cluster';
  throw new ClusterError(
    'data-dir-refused',
    `${root} holds the data of ${whose}: member ${name} (${member}) of cluster ${cluster}; ` +
      `this is ${mine.name} (${idText(mine.memberId)}) of cluster ${idText(mine.clusterId)}`,
    { root, found: { cluster, member, name } },
    {
      hint: 'check --data-dir, --name, --initial-cluster and --initial-cluster-token against those that the data was made with',
    },
  );
}
