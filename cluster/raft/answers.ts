import { noMember, term as termOf } from '../numbers.js';
import type { Core } from './core.js';
import type { Message } from './types.js';

type VoteRequest = Extract<Message, { kind: 'vote' | 'pre-vote' }>;

/** A sender of an older term learns ours, be it a deposed leader or a member that was away (thesis 9.6). */
export function answerOldTerm(core: Core, { kind, from: to }: Message): void {
  const { id: from, term, outbox } = core;
  if (kind === 'vote' || kind === 'pre-vote') {
    outbox.send({ kind: `${kind}-reply`, from, to, term, rejected: true, ...committed(core) });
  } else if (kind === 'append' || kind === 'heartbeat' || kind === 'snapshot') {
    outbox.send({ kind: 'heartbeat-reply', from, to, term, context: 0 });
  }
}

/** Answers a request that the lease did not silence; a `vote` has already brought us to its term. */
export function answerVote(core: Core, request: VoteRequest): void {
  const upToDate = core.log.isUpToDate(request.lastIndex, request.lastTerm);
  if (request.kind === 'pre-vote') answerPreVote(core, request, upToDate && request.term > core.term);
  else answerRealVote(core, request, upToDate && isFree(core, request));
}

function isFree(core: Core, { from, term }: VoteRequest): boolean {
  if (term < core.term) return false;
  return core.vote === from || (core.vote === noMember && core.leader === noMember);
}

/** Granted at the candidate's future term, refused at ours: a pre-candidate that fell behind learns it that way (thesis 9.6). */
function answerPreVote(core: Core, { from, term }: VoteRequest, granted: boolean): void {
  const answerTerm = granted ? term : core.term;
  core.outbox.send({
    kind: 'pre-vote-reply',
    from: core.id,
    to: from,
    term: answerTerm,
    rejected: !granted,
    ...committed(core),
  });
}

function answerRealVote(core: Core, { from }: VoteRequest, granted: boolean): void {
  if (granted) {
    core.castVote(from);
    core.timer.restart();
  }
  core.outbox.sendAfterDurable({
    kind: 'vote-reply',
    from: core.id,
    to: from,
    term: core.term,
    rejected: !granted,
    ...committed(core),
  });
}

const committed = ({ log, commit }: Core) => ({ commit, commitTerm: log.term(commit) ?? termOf(0) });
