import type { RequestListener } from 'node:http';
import { etcdVersions } from '../api/downgrade.js';
import type { ClusterId, MemberId } from '../numbers.js';
import { idText, memberId } from '../numbers.js';
import type { Member } from '../operations/members.js';
import type { LearnerReadiness } from './learner-readiness.js';

// What members ask one another over HTTP/1.1, on the port that asks everybody for a member's certificate.

export const membersPath = '/members';
/** etcd's too; Quorate's own version is for clients. */
const versionPath = '/version';
export const learnerPath = (id: MemberId): string => `/members/${idText(id)}/ready`;
const learnerPattern = /^\/members\/([0-9a-f]{1,16})\/ready$/;

/** What a leader says of a learner. */

export interface PeerPages {
  readonly clusterId: ClusterId;
  members(): readonly Member[];
  learner(id: MemberId): LearnerReadiness;
}

/** The page that a member finds its place by when it joins. Ids are strings: a JSON number loses their last digits. */
export const membersJson = (clusterId: ClusterId, members: readonly Member[]) => ({
  clusterId: idText(clusterId),
  members: members.map((member) => ({ ...member, id: idText(member.id) })),
});

/** Nothing but versions and 503 as long as `pages` gives nothing: the member is starting. */
export const peerHandler =
  (pages: () => PeerPages | undefined): RequestListener =>
  ({ method, url }, response) => {
    const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(`${JSON.stringify(body)}\n`);
    if (method !== 'GET') return answer(405, { error: 'GET it' }, { allow: 'GET' });
    if (url === versionPath) return answer(200, etcdVersions);
    const now = pages();
    if (now === undefined) return answer(503, { error: 'this member is still starting' });
    const learner = learnerPattern.exec(url ?? '')?.[1];
    if (url === membersPath) return answer(200, membersJson(now.clusterId, now.members()));
    if (learner !== undefined) return answer(200, { learner: now.learner(memberId(BigInt(`0x${learner}`))) });
    return answer(404, { error: `there is no ${url}` });
  };
