import { setFlagsFromString } from 'node:v8';
import test from 'ava';
import { index, memberId, term } from '../../../cluster/numbers.js';
import type { Entry, Message } from '../../../cluster/raft/types.js';
import { decodeBatch, encodeBatch } from '../../../cluster/transport/message-codec.js';

// V8 of Node 20 makes a class of its own for every `{ ...some, more }` once that is compiled: each costs a microsecond and
// some kilobytes that only a major collection takes away, and everything that looks at such objects becomes slow.

setFlagsFromString('--allow-natives-syntax');
const haveSameClass = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (a: object, b: object) => boolean;
setFlagsFromString('--no-allow-natives-syntax');

const [from, to] = [memberId(1n), memberId(2n)];
const envelope = { from, to, term: term(3) };
const entry: Entry = { index: index(8), term: term(3), kind: 'command', data: Buffer.from('x') };
const messages: readonly Message[] = [
  { kind: 'append', ...envelope, prevIndex: index(7), prevTerm: term(3), commit: index(6), entries: [entry] },
  { kind: 'append-reply', ...envelope, rejected: false, index: index(8), hintIndex: index(0), hintTerm: term(0) },
  { kind: 'commit', ...envelope, lastIndex: index(8), lastTerm: term(3) },
  { kind: 'heartbeat', ...envelope, commit: index(6), context: 4 },
  { kind: 'heartbeat-reply', ...envelope, context: 4 },
  { kind: 'read-index', ...envelope, context: 4 },
  { kind: 'read-index-reply', ...envelope, context: 4, index: index(8) },
  { kind: 'propose', ...envelope, data: [Buffer.from('x')] },
];

test('messages of one kind are objects of one class, however many of them came', (t) => {
  const batch = encodeBatch(messages);
  for (let warm = 0; warm < 20_000; warm += 1) decodeBatch(batch, from, to);
  const [some, others] = [decodeBatch(batch, from, to), decodeBatch(batch, from, to)];
  for (const [n, { kind }] of messages.entries()) {
    const [one, other] = [some[n], others[n]];
    t.true(one !== undefined && other !== undefined && one !== other && haveSameClass(one, other), kind);
  }
});
