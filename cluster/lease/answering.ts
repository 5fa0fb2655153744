import { ClusterError } from '../errors.js';
import type { LeaseMeasures } from '../measures.js';
import type { LeaseId } from '../numbers.js';
import type { Caller } from '../operations/action.js';
import type { Certainty } from './certainty.js';
import type { Deadlines } from './deadlines.js';
import type { Lessor } from './lessor.js';
import type { LeaseAnswer, LeaseQuestion } from './questions.js';

export interface AnsweringParts {
  readonly lessor: Lessor;
  readonly deadlines: Deadlines;
  readonly certainty: Certainty;
  readonly measures?: LeaseMeasures | undefined;
  /** @throws ClusterError when the caller may not keep the lease alive */
  readonly check: (caller: Caller | undefined, lease: LeaseId) => void;
}

/**
 * Answers on the leader, once it is certain that it leads: one that was cut off would promise what its successor does not
 * know of (etcd#20418). To tell what is left of a lease it asks anew; to keep one alive a fresh certainty will do.
 * @throws ClusterError not-leader, and what `linearize` throws
 */
export async function answerAsLeader(
  { lessor, deadlines, certainty, check, measures }: AnsweringParts,
  questions: readonly LeaseQuestion[],
): Promise<readonly LeaseAnswer[]> {
  const term = lessor.leading();
  const onlyRenewals = questions.every(({ kind }) => kind === 'renew');
  if (!onlyRenewals || !certainty.holds(term)) await certainty.renew(term);
  const refusals = questions.map((question) => (question.kind === 'renew' ? refusalOf(check, question) : undefined));
  const permitted = questions.filter(({ kind }, at) => kind === 'renew' && refusals[at] === undefined);
  await lessor.clearCheckpoints(
    permitted.map(({ id }) => id),
    term,
  );
  lessor.assertLeads(term);
  return questions.map(({ kind, id }, at): LeaseAnswer => {
    const error = refusals[at];
    if (error !== undefined) return { kind: 'refused', error };
    const leftMs = deadlines.remainingMs(id);
    if (leftMs === undefined) return { kind: 'seconds', seconds: undefined };
    if (kind === 'remaining') return { kind: 'seconds', seconds: Math.max(0, Math.floor(leftMs / 1000)) };
    if (leftMs <= 0) return { kind: 'ending' };
    if (measures !== undefined) measures.renewed += 1;
    return { kind: 'seconds', seconds: deadlines.renew(id) };
  });
}

function refusalOf(check: AnsweringParts['check'], { caller, id }: LeaseQuestion): ClusterError | undefined {
  try {
    check(caller, id);
    return undefined;
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
}
