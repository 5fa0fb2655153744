import {
  type ClusterId,
  clusterId,
  type MemberId,
  memberId,
  type Revision,
  revision,
  type Term,
  term,
} from '../numbers.js';
import type { etcdserverpb } from './generated/messages.js';
import { toCount, toId } from './long.js';

/** On top of every answer: who answered, and at which revision of the store. */
export interface AnswerHeader {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly revision: Revision;
  readonly term: Term;
}

export const headerOf = (message: etcdserverpb.ResponseHeader.$Properties | null | undefined): AnswerHeader => ({
  clusterId: clusterId(toId(message?.clusterId)),
  memberId: memberId(toId(message?.memberId)),
  revision: revision(toCount(message?.revision)),
  term: term(toCount(message?.raftTerm)),
});
