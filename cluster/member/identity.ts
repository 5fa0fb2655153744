import type { Clock } from '../clock.js';
import type { MemberConfig } from '../config/index.js';
import type { Disk } from '../disk.js';
import { ClusterError } from '../errors.js';
import { Log } from '../log/log.js';
import { initialClusterId } from '../members/ids.js';
import { initialMembers, type Member } from '../members/members.js';
import type { TlsMaterial } from '../transport/tls-material.js';
import { checkOwner, type DataDir, decodeIdentity, type Identity } from './data-dir.js';
import { joinCluster } from './joining.js';
import { readRestoredMark, tokenOf } from './restored-mark.js';

/** Who a member is, and how it begins. */
export interface Origin {
  readonly identity: Identity;
  /** Whom it knows of before it has a state. */
  readonly members: readonly Member[];
  /** It has no state and is to be sent the cluster's. */
  readonly isJoining: boolean;
}

/**
 * The initial cluster as its flags describe it, and who of it this member is.
 * @param restored what the member's data says that it was restored from
 */
export function identityOf(
  config: MemberConfig,
  restored?: string,
): { readonly identity: Identity; readonly members: readonly Member[] } {
  const servers = config.initialCluster.map(({ name, urls }) => ({ name, peerUrls: urls.map(({ text }) => text) }));
  const members = initialMembers(servers, tokenOf(config.initialClusterToken, restored));
  const self = members.find(({ name }) => name === config.name);
  if (self === undefined)
    throw new ClusterError('flag-refused', `--initial-cluster has no member named ${config.name}`);
  const clusterId = initialClusterId(members.map(({ id }) => id));
  const token = config.initialClusterToken;
  return { identity: { clusterId, memberId: self.id, name: self.name, token }, members };
}

/**
 * A member with data is who its data says, whatever its flags say of the initial cluster: that may have changed since.
 * @throws ClusterError data-dir-refused, flag-refused, connection-failed
 */
export async function originOf(
  config: MemberConfig,
  dir: DataDir,
  disk: Disk,
  material: TlsMaterial | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<Origin> {
  const founding = identityOf(config, await readRestoredMark(dir.root));
  if (await Log.exists(disk, dir.log)) {
    const found = decodeIdentity(await Log.identityIn(disk, dir.log));
    checkOwner(found, founding.identity, dir.root);
    return { identity: found, members: founding.members, isJoining: false };
  }
  if (config.initialClusterState === 'new') return { ...founding, isJoining: false };
  const { identity, members } = await joinCluster(config, material, clock, signal);
  return { identity: { ...identity, token: config.initialClusterToken }, members, isJoining: true };
}
