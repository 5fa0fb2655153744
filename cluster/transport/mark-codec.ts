import { index, type MemberId, memberId, term } from '../numbers.js';
import type { SnapshotMark } from '../raft/types.js';
import type { quorate } from '../wire/generated/messages.js';
import { fromId, toCount, toId, type Wide } from '../wire/long.js';

type Fields = quorate.PeerMark.$Properties;

const idsOf = (ids: readonly Wide[] | null | undefined): readonly MemberId[] =>
  (ids ?? []).map((id) => memberId(BigInt.asUintN(64, toId(id))));

export const markFields = ({ index: at, term: atTerm, membership }: SnapshotMark): Fields => ({
  index: at,
  term: atTerm,
  voters: membership.voters.map(fromId),
  outgoing: membership.outgoing.map(fromId),
  learners: membership.learners.map(fromId),
});

export const markOf = (fields: Fields | null | undefined): SnapshotMark => ({
  index: index(toCount(fields?.index)),
  term: term(toCount(fields?.term)),
  membership: {
    voters: idsOf(fields?.voters),
    outgoing: idsOf(fields?.outgoing),
    learners: idsOf(fields?.learners),
  },
});
