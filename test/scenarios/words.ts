import type { Entry, Membership, Message, RaftStatus, Ready, SnapshotMark } from '../../cluster/raft/types.js';

// How the stories put raft's data into words. An entry is index/term and its content, a log's end index/term.

const entryText = ({ index, term, kind, data }: Entry): string =>
  `${index}/${term} ${kind === 'empty' ? kind : new TextDecoder().decode(data)}`;

const entriesText = (entries: readonly Entry[]): string => `[${entries.map(entryText).join(', ')}]`;

const markText = ({ index, term }: SnapshotMark): string => `${index}/${term}`;

const ids = (members: readonly bigint[]): string => members.join(' ');

const membershipText = ({ voters, outgoing, learners }: Membership): string =>
  [
    `voters ${ids(voters)}`,
    outgoing.length > 0 ? `outgoing ${ids(outgoing)}` : '',
    learners.length > 0 ? `learners ${ids(learners)}` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');

function contentText(message: Message): string {
  switch (message.kind) {
    case 'append':
      return `after ${message.prevIndex}/${message.prevTerm} ${entriesText(message.entries)} commit ${message.commit}`;
    case 'append-reply':
      return message.rejected
        ? `refuses ${message.index}, try ${message.hintIndex}/${message.hintTerm}`
        : `has ${message.index}`;
    case 'commit':
      return `${message.lastIndex}/${message.lastTerm}`;
    case 'heartbeat':
      return `commit ${message.commit}${message.context > 0 ? ` round ${message.context}` : ''}`;
    case 'heartbeat-reply':
      return message.context > 0 ? `round ${message.context}` : '';
    case 'vote':
    case 'pre-vote':
      return `log ends ${message.lastIndex}/${message.lastTerm}${message.transfer ? ' transfer' : ''}`;
    case 'vote-reply':
    case 'pre-vote-reply':
      return message.rejected ? 'no' : 'yes';
    case 'snapshot':
      return markText(message.mark);
    case 'timeout-now':
      return '';
    case 'propose':
      return message.data.map((one) => new TextDecoder().decode(one)).join(' ');
    case 'propose-membership':
      return new TextDecoder().decode(message.data);
    case 'read-index':
      return `${message.context}`;
    case 'read-index-reply':
      return `${message.context} at ${message.index}`;
    case 'transfer-leader':
      return `to ${message.transferee}`;
  }
}

export function messageText(message: Message): string {
  const { from, to, kind, term } = message;
  const at = term > 0 ? ` term ${term}` : '';
  return `${from} -> ${to} ${kind}${at} ${contentText(message)}`.trimEnd();
}

/** What a Ready asks for besides messages, a line each. */
export function readyLines(id: bigint, ready: Ready): readonly string[] {
  const { hardState, snapshot, entries, committed, reads, readsLost } = ready;
  const lines: string[] = [];
  if (hardState) lines.push(`saves term ${hardState.term} vote ${hardState.vote} commit ${hardState.commit}`);
  if (snapshot) lines.push(`installs ${markText(snapshot)}`);
  if (entries.length > 0) lines.push(`appends ${entriesText(entries)}`);
  if (committed.length > 0) lines.push(`applies ${entriesText(committed)}`);
  for (const { context, index } of reads) lines.push(`grants read ${context} at ${index}`);
  for (const context of readsLost) lines.push(`loses read ${context}`);
  return lines.map((line) => `${id} ${line}`);
}

export function statusLines(id: bigint, status: RaftStatus): readonly string[] {
  const { role, term, leader, commit, applied, lastIndex, membership, progress, transferee } = status;
  const transfer = transferee > 0n ? ` transferring to ${transferee}` : '';
  const counts = `commit ${commit} applied ${applied} last ${lastIndex}`;
  const head = `${id} ${role} of term ${term}, leader ${leader}, ${counts}, ${membershipText(membership)}${transfer}`;
  const followers = [...progress].map(([follower, { match, next, state, inFlight, recentlyActive }]) => {
    const activity = recentlyActive ? '' : ' silent';
    return `  ${follower} ${state} match ${match} next ${next} in flight ${inFlight}${activity}`;
  });
  return [head, ...followers];
}

export const logText = (id: bigint, mark: SnapshotMark, entries: readonly Entry[]): string =>
  `${id} ${mark.index > 0 ? `${markText(mark)} | ` : ''}${entries.map(entryText).join(', ')}`;
