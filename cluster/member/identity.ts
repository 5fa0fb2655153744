import type { MemberConfig } from '../config/index.js';
import { ClusterError } from '../errors.js';
import { initialClusterId } from '../members/ids.js';
import { initialMembers, type Member } from '../members/members.js';
import type { Identity } from './data-dir.js';

/** The initial cluster as its flags describe it, and who of it this member is. */
export function identityOf(config: MemberConfig): { readonly identity: Identity; readonly members: readonly Member[] } {
  const servers = config.initialCluster.map(({ name, urls }) => ({ name, peerUrls: urls.map(({ text }) => text) }));
  const members = initialMembers(servers, config.initialClusterToken);
  const self = members.find(({ name }) => name === config.name);
  if (self === undefined)
    throw new ClusterError('flag-refused', `--initial-cluster has no member named ${config.name}`);
  const clusterId = initialClusterId(members.map(({ id }) => id));
  return { identity: { clusterId, memberId: self.id, name: self.name }, members };
}
