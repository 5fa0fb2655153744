import { ClusterError } from '../errors.js';
import { idText, type MemberId } from '../numbers.js';
import type { Member } from '../operations/members.js';

// What etcd refuses of changes of the members, by the list of members alone. All throw ClusterError.

const majorityOf = (count: number): number => Math.floor(count / 2) + 1;
const isVoter = ({ isLearner }: Member): boolean => !isLearner;
const isStarted = ({ name }: Member): boolean => name !== '';

export function memberOf(members: readonly Member[], id: MemberId): Member {
  const member = members.find((one) => one.id === id);
  if (member !== undefined) return member;
  throw new ClusterError('member-not-found', `no member has the id ${idText(id)}`, { id: idText(id) });
}

export function checkUrlsAreFree(members: readonly Member[], urls: readonly string[]): void {
  const taken = new Set(members.flatMap(({ peerUrls }) => peerUrls));
  const url = urls.find((one) => taken.has(one));
  if (url !== undefined) throw new ClusterError('peer-url-exists', `a member has the peer URL ${url}`, { url });
}

export function checkLearners(members: readonly Member[], learnersMax: number): void {
  const learners = members.filter(({ isLearner }) => isLearner).length;
  if (learners < learnersMax) return;
  throw new ClusterError('too-many-learners', `there are ${learners} learners, and no more than ${learnersMax} may be`);
}

/** A voter that has not started counts for the majority and does nothing for it. A second member may always come. */
export function checkMayAddVoter(members: readonly Member[]): void {
  const voters = members.filter(isVoter);
  const started = voters.filter(isStarted).length;
  if (voters.length === 1 && started === 1) return;
  assertMajority(started, voters.length + 1);
}

/** The learner is in touch with its leader, so it counts as started. */
export function checkMayPromote(members: readonly Member[]): void {
  const voters = members.filter(isVoter);
  assertMajority(voters.filter(isStarted).length + 1, voters.length + 1);
}

export function checkMayRemoveVoter(members: readonly Member[], id: MemberId): void {
  const rest = members.filter((member) => isVoter(member) && member.id !== id);
  assertMajority(rest.filter(isStarted).length, rest.length);
}

/** Whatever was asked for: nobody would be left to add one. */
export function checkVoterRemains(members: readonly Member[], id: MemberId): void {
  if (members.some((member) => isVoter(member) && member.id !== id)) return;
  throw new ClusterError('not-enough-started', `${idText(id)} is the last voting member`, { id: idText(id) });
}

function assertMajority(started: number, voters: number): void {
  if (started >= majorityOf(voters)) return;
  const message = `${started} of ${voters} voting members would be started, fewer than a majority`;
  throw new ClusterError('not-enough-started', message, { started, voters });
}
