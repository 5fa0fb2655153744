import { AssertionError } from 'node:assert';
import { ClusterError } from '../errors.js';
import { authRevision, type Index, type MemberId, memberId, revision } from '../numbers.js';
import type { Action, Caller } from '../operations/action.js';
import { quorate } from '../wire/generated/messages.js';
import { fromId, toCount, toId } from '../wire/long.js';
import { deleteRangeMessage, deleteRangeOf, putMessage, putOf, txnMessage, txnOf } from '../wire/requests.js';
import { alarmChangeMessage, alarmChangeOf } from './alarm-messages.js';
import { authChangeMessage, authChangeOf, bootstrapMessage, declarationOf } from './auth-messages.js';
import { leaseActionOf, leaseMessage } from './lease-messages.js';
import { memberChangeMessage, memberChangeOf } from './member-messages.js';

// What a command entry of the log holds. Encoding and decoding are on the path of every write.

/**
 * Finds who waits for the outcome. `sequence` must not repeat in the proposer's life, restarts included: an entry of
 * the life before may still be committed.
 */
export interface ProposalId {
  readonly proposer: MemberId;
  readonly sequence: number;
}

export interface Command {
  readonly proposal: ProposalId;
  readonly caller: Caller | undefined;
  readonly action: Action;
}

/** Throws ClusterError: too-many-ops, when transactions are nested deeper than could be read again. */
export function encodeCommand({ proposal, caller, action }: Command): Uint8Array {
  const message = actionMessage(action);
  message.proposer = fromId(proposal.proposer);
  message.sequence = proposal.sequence;
  if (caller !== undefined) {
    message.user = caller.user;
    message.authRevision = caller.authRevision;
  }
  try {
    return quorate.Command.encode(message).finish();
  } catch (cause) {
    throw new ClusterError('too-many-ops', 'the transactions are nested too deep', {}, { cause });
  }
}

/**
 * Reads the entry at `index`. Keys and values are views of `data`, not copies.
 * Throws AssertionError when it holds no command: our bug or a damaged log, and either way the member must not go on.
 */
export function decodeCommand(data: Uint8Array, index: Index): Command {
  try {
    const message = quorate.Command.decode(data);
    return { proposal: proposalOf(message), caller: callerOf(message), action: actionOf(message) };
  } catch (cause) {
    const message = `entry ${index} (${data.length} bytes) holds no command: ${cause instanceof Error ? cause.message : cause}`;
    throw Object.assign(new AssertionError({ message }), { cause });
  }
}

type Message = quorate.Command.$Properties;

const proposalOf = (message: Message): ProposalId => ({
  proposer: memberId(BigInt.asUintN(64, toId(message.proposer))),
  sequence: toCount(message.sequence),
});

/** Auth revisions start at 1, so that 0 stands for nobody. */
function callerOf(message: Message): Caller | undefined {
  const at = toCount(message.authRevision);
  return at === 0 ? undefined : { user: message.user ?? '', authRevision: authRevision(at) };
}

function actionMessage(action: Action): Message {
  switch (action.kind) {
    case 'put':
      return { put: putMessage(action) };
    case 'delete-range':
      return { deleteRange: deleteRangeMessage(action) };
    case 'txn':
      return { txn: txnMessage(action) };
    case 'compact':
      return { compact: { revision: action.revision, own: action.own ?? false } };
    case 'bootstrap':
      return { bootstrap: bootstrapMessage(action.access) };
    case 'member-attributes':
      return { memberAttributes: { id: fromId(action.id), name: action.name, clientUrls: [...action.clientUrls] } };
    case 'lease-grant':
    case 'lease-revoke':
    case 'lease-expire':
    case 'lease-checkpoint':
      return leaseMessage(action);
    case 'alarm':
      return { alarm: alarmChangeMessage(action) };
    case 'member-add':
    case 'member-remove':
    case 'member-update':
    case 'member-promote':
    case 'member-keep':
      return { memberChange: memberChangeMessage(action) };
    case 'downgrade':
      return { downgrade: { target: action.target ?? '' } };
    default:
      return { auth: authChangeMessage(action) };
  }
}

function actionOf(message: Message): Action {
  if (message.put) return putOf(message.put);
  if (message.txn) return txnOf(message.txn);
  if (message.deleteRange) return deleteRangeOf(message.deleteRange);
  if (message.compact) return compactOf(message.compact);
  if (message.auth) return authChangeOf(message.auth);
  if (message.bootstrap) return { kind: 'bootstrap', access: declarationOf(message.bootstrap) };
  if (message.memberAttributes) return memberAttributesOf(message.memberAttributes);
  const leaseAction = leaseActionOf(message);
  if (leaseAction !== undefined) return leaseAction;
  if (message.memberChange) return memberChangeOf(message.memberChange);
  if (message.alarm) return alarmChangeOf(message.alarm);
  if (message.downgrade) return { kind: 'downgrade', target: message.downgrade.target || undefined };
  throw new Error('it names no action that this version knows');
}

const compactOf = ({ revision: to, own }: quorate.Compact.$Properties): Action => ({
  kind: 'compact',
  revision: revision(toCount(to)),
  ...(own ? { own } : {}),
});

const memberAttributesOf = ({ id, name, clientUrls }: quorate.MemberAttributes.$Properties): Action => ({
  kind: 'member-attributes',
  id: memberId(BigInt.asUintN(64, toId(id))),
  name: name ?? '',
  clientUrls: clientUrls ?? [],
});
