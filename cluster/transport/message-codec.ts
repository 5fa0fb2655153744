import { ClusterError } from '../errors.js';
import { type Index, index, type MemberId, memberId, type Term, term } from '../numbers.js';
import type { Entry, EntryKind, Message } from '../raft/types.js';
import { quorate } from '../wire/generated/messages.js';
import { fromId, toCount, toId } from '../wire/long.js';
import { markFields, markOf } from './mark-codec.js';

// Raft's messages and their bytes. Encoding copies an entry's data once, into the buffer that is sent; decoding not at
// all: the data are views of the buffer that was received.

type Fields = quorate.PeerMessage.$Properties;

/** By their numbers in peer.proto. */
const kinds: readonly Message['kind'][] = [
  'append',
  'append-reply',
  'heartbeat',
  'heartbeat-reply',
  'vote',
  'vote-reply',
  'pre-vote',
  'pre-vote-reply',
  'snapshot',
  'timeout-now',
  'propose',
  'read-index',
  'read-index-reply',
  'transfer-leader',
  'propose-membership',
  'commit',
];
const entryKinds: readonly EntryKind[] = ['command', 'empty', 'membership'];

const noBytes = new Uint8Array();
const indexOf = (field: Fields['index']): Index => index(toCount(field));
const termOf = (field: Fields['term']): Term => term(toCount(field));

export const encodeBatch = (messages: readonly Message[]): Uint8Array =>
  quorate.PeerBatch.encode({ messages: messages.map(fieldsOf) }).finish();

function fieldsOf(message: Message): Fields {
  const { term } = message;
  const kind = kinds.indexOf(message.kind);
  switch (message.kind) {
    case 'append': {
      const { prevIndex, prevTerm, commit } = message;
      return { kind, term, prevIndex, prevTerm, commit, entries: message.entries.map(entryFields) };
    }
    case 'snapshot':
      return { kind, term, mark: markFields(message.mark) };
    case 'propose':
      return { kind, term, data: [...message.data] };
    case 'propose-membership':
      return { kind, term, data: [message.data] };
    case 'transfer-leader':
      return { kind, term, transferee: fromId(message.transferee) };
    default:
      return { ...message, kind };
  }
}

const entryFields = (entry: Entry): quorate.PeerEntry.$Properties => ({
  term: entry.term,
  kind: entryKinds.indexOf(entry.kind),
  data: entry.data,
});

/**
 * `from` and `to` are those that the stream was certified for.
 * @throws ClusterError invalid-argument for what is no batch, or of a later version
 */
export function decodeBatch(bytes: Uint8Array, from: MemberId, to: MemberId): readonly Message[] {
  try {
    return quorate.PeerBatch.decode(bytes).messages.map((fields) => messageOf(fields, from, to));
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    throw new ClusterError('invalid-argument', `a batch of ${bytes.length} bytes does not parse`, {}, { cause });
  }
}

function messageOf(fields: Fields, from: MemberId, to: MemberId): Message {
  const term = termOf(fields.term);
  const kind = kinds[fields.kind ?? 0];
  const rejected = fields.rejected ?? false;
  const context = toCount(fields.context);
  switch (kind) {
    case 'append': {
      const prevIndex = indexOf(fields.prevIndex);
      const entries = (fields.entries ?? []).map((entry, at) => entryOf(entry, index(prevIndex + 1 + at)));
      const prevTerm = termOf(fields.prevTerm);
      return { kind, from, to, term, prevIndex, prevTerm, entries, commit: indexOf(fields.commit) };
    }
    case 'append-reply': {
      const [hintIndex, hintTerm] = [indexOf(fields.hintIndex), termOf(fields.hintTerm)];
      return { kind, from, to, term, rejected, index: indexOf(fields.index), hintIndex, hintTerm };
    }
    case 'commit':
      return { kind, from, to, term, lastIndex: indexOf(fields.lastIndex), lastTerm: termOf(fields.lastTerm) };
    case 'heartbeat':
      return { kind, from, to, term, commit: indexOf(fields.commit), context };
    case 'heartbeat-reply':
    case 'read-index':
      return { kind, from, to, term, context };
    case 'read-index-reply':
      return { kind, from, to, term, context, index: indexOf(fields.index) };
    case 'vote':
    case 'pre-vote': {
      const [lastIndex, lastTerm] = [indexOf(fields.lastIndex), termOf(fields.lastTerm)];
      return { kind, from, to, term, lastIndex, lastTerm, transfer: fields.transfer ?? false };
    }
    case 'vote-reply':
    case 'pre-vote-reply': {
      const [commit, commitTerm] = [indexOf(fields.commit), termOf(fields.commitTerm)];
      return { kind, from, to, term, rejected, commit, commitTerm };
    }
    case 'snapshot':
      return { kind, from, to, term, mark: markOf(fields.mark) };
    case 'timeout-now':
      return { kind, from, to, term };
    case 'propose':
      return { kind, from, to, term, data: fields.data ?? [] };
    case 'propose-membership':
      return { kind, from, to, term, data: fields.data?.[0] ?? noBytes };
    case 'transfer-leader':
      return { kind, from, to, term, transferee: memberId(BigInt.asUintN(64, toId(fields.transferee))) };
    default:
      throw new ClusterError('invalid-argument', `there is no message kind ${fields.kind}`, { kind: fields.kind });
  }
}

function entryOf(fields: quorate.PeerEntry.$Properties, at: Index): Entry {
  const kind = entryKinds[fields.kind ?? 0];
  if (kind === undefined) {
    throw new ClusterError('invalid-argument', `there is no entry kind ${fields.kind}`, { kind: fields.kind });
  }
  return { index: at, term: termOf(fields.term), kind, data: fields.data ?? noBytes };
}

/** What the message will take on the wire, roughly: for bounds. */
export function bytesOfMessage(message: Message): number {
  const overhead = 32;
  if (message.kind === 'append') return message.entries.reduce((sum, { data }) => sum + data.length + 16, overhead);
  if (message.kind === 'propose') return message.data.reduce((sum, data) => sum + data.length + 8, overhead);
  if (message.kind === 'propose-membership') return overhead + message.data.length;
  return overhead;
}
