import test from 'ava';
import { index, memberId, term } from '../../../cluster/numbers.js';
import type { Message } from '../../../cluster/raft/types.js';
import { Outbox } from '../../../cluster/transport/outbox.js';

const envelope = { from: memberId(1n), to: memberId(2n), term: term(1) };

const heartbeat = (context: number): Message => ({ ...envelope, kind: 'heartbeat', commit: index(0), context });
const append = (at: number, bytes: number): Message => ({
  ...envelope,
  kind: 'append',
  prevIndex: index(at - 1),
  prevTerm: term(1),
  commit: index(0),
  entries: [{ index: index(at), term: term(1), kind: 'command', data: Buffer.alloc(bytes) }],
});

const shown = (messages: readonly Message[]): string =>
  messages
    .map((message) =>
      message.kind === 'append'
        ? `a${message.prevIndex + 1}`
        : message.kind === 'heartbeat'
          ? `h${message.context}`
          : '?',
    )
    .join(' ');

test('messages leave in order, in pieces of about the length asked for', (t) => {
  const outbox = new Outbox();
  t.is(
    outbox.push(
      [1, 2, 3, 4].map((at) => append(at, 1000)),
      { messagesMax: 10, bytesMax: 10_000 },
    ),
    0,
  );
  t.is(shown(outbox.take(2500)), 'a1 a2');
  t.is(shown(outbox.take(10)), 'a3', 'one at least');
  t.is(shown(outbox.take(10_000)), 'a4');
  t.is(outbox.length, 0);
});

test('at the bound of messages the oldest appends go first, then the oldest of all', (t) => {
  const outbox = new Outbox();
  const limits = { messagesMax: 3, bytesMax: 10_000 };
  t.is(outbox.push([heartbeat(1), append(1, 10), append(2, 10), heartbeat(2)], limits), 1);
  t.is(outbox.push([heartbeat(3)], limits), 1);
  t.is(outbox.push([heartbeat(4)], limits), 1);
  t.is(shown(outbox.take(10_000)), 'h2 h3 h4');
});

test('at the bound of bytes large appends make room', (t) => {
  const outbox = new Outbox();
  const limits = { messagesMax: 100, bytesMax: 2500 };
  t.is(outbox.push([append(1, 1000), heartbeat(1), append(2, 1000)], limits), 0);
  t.is(outbox.push([append(3, 1000)], limits), 1);
  t.is(shown(outbox.take(10_000)), 'h1 a2 a3');
});
