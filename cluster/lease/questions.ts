import { ClusterError } from '../errors.js';
import { authRevision, type LeaseId, leaseId } from '../numbers.js';
import type { Caller } from '../operations/action.js';
import { quorate } from '../wire/generated/messages.js';
import { fromId, toCount, toId } from '../wire/long.js';
import { codeNamed } from '../wire/status.js';

/** What only the leader can do for a lease, or tell of it. */
export interface LeaseQuestion {
  /** `renew`: begin it anew; else only tell what is left. */
  readonly kind: 'renew' | 'remaining';
  readonly id: LeaseId;
  readonly caller: Caller | undefined;
}

export type LeaseAnswer =
  /** What it has from now on; `undefined`: there is no such lease. */
  | { readonly kind: 'seconds'; readonly seconds: number | undefined }
  /** Its time is over, and it is being revoked: whether it will be is not certain before it is gone. */
  | { readonly kind: 'ending' }
  | { readonly kind: 'refused'; readonly error: ClusterError };

const none = -1;

export const encodeQuestions = (questions: readonly LeaseQuestion[]): Uint8Array =>
  quorate.LeaseQuestions.encode({
    questions: questions.map(({ kind, id, caller }) => ({
      id: fromId(id),
      renew: kind === 'renew',
      ...(caller && { user: caller.user, authRevision: caller.authRevision }),
    })),
  }).finish();

/** @throws ClusterError invalid-argument */
export const decodeQuestions = (bytes: Uint8Array): readonly LeaseQuestion[] =>
  readable(() => quorate.LeaseQuestions.decode(bytes)).questions.map(({ id, renew, user, authRevision: at }) => ({
    kind: renew ? 'renew' : 'remaining',
    id: leaseId(toId(id)),
    caller: toCount(at) === 0 ? undefined : { user: user ?? '', authRevision: authRevision(toCount(at)) },
  }));

export const encodeAnswers = (answers: readonly LeaseAnswer[]): Uint8Array =>
  quorate.LeaseAnswers.encode({ answers: answers.map(answerMessage) }).finish();

/** @throws ClusterError invalid-argument */
export const decodeAnswers = (bytes: Uint8Array): readonly LeaseAnswer[] =>
  readable(() => quorate.LeaseAnswers.decode(bytes)).answers.map(answerOf);

function answerMessage(answer: LeaseAnswer): quorate.LeaseAnswers.Answer.$Properties {
  switch (answer.kind) {
    case 'seconds':
      return { seconds: answer.seconds ?? none };
    case 'ending':
      return { ending: true };
    case 'refused':
      return { code: answer.error.code, text: answer.error.message };
  }
}

function answerOf({ seconds, ending, code, text }: quorate.LeaseAnswers.Answer.$Properties): LeaseAnswer {
  if (code) return { kind: 'refused', error: new ClusterError(codeNamed(code) ?? 'remote', text ?? '') };
  if (ending) return { kind: 'ending' };
  const left = toCount(seconds);
  return { kind: 'seconds', seconds: left === none ? undefined : left };
}

function readable<Message>(decode: () => Message): Message {
  try {
    return decode();
  } catch (cause) {
    throw new ClusterError('invalid-argument', 'what a member says about leases does not parse', {}, { cause });
  }
}
