import type { Member } from '../members/members.js';
import { fromId } from '../wire/long.js';
import type { clusterMethods } from '../wire/services.js';
import type { Desk } from './desk.js';
import type { Handlers } from './services.js';

const memberMessage = ({ id, name, peerUrls, clientUrls, isLearner }: Member) => ({
  ID: fromId(id),
  name,
  peerURLs: [...peerUrls],
  clientURLs: [...clientUrls],
  isLearner,
});

/** etcdserverpb.Cluster */
export function clusterHandlers(desk: Desk): Handlers<typeof clusterMethods, 'memberList'> {
  const { consensus, members } = desk.state;
  return {
    async memberList({ linearizable }, context) {
      if (linearizable) await consensus.linearize(context.signal);
      await desk.checkNamed(context);
      // As in etcd: the members have nothing to do with the store's revision.
      return { header: { ...desk.header(), revision: 0 }, members: members.list().map(memberMessage) };
    },
  };
}
