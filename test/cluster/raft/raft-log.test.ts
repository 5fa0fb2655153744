import test from 'ava';
import { index, memberId, term } from '../../../cluster/numbers.js';
import { RaftLog } from '../../../cluster/raft/raft-log.js';
import type { Entry } from '../../../cluster/raft/types.js';
import { logWithTerms } from './memory-log.js';

const membership = { voters: [memberId(1n)], outgoing: [], learners: [] };
const entry = (at: number, of: number): Entry => ({
  index: index(at),
  term: term(of),
  kind: 'command',
  data: new Uint8Array(4),
});
const places = (entries: readonly Entry[] | undefined) => entries?.map((one) => `${one.index}/${one.term}`);

test('the tail covers what is stored, until it is taken and stored itself', (t) => {
  const stored = logWithTerms(membership, [1, 1, 1, 1]);
  const log = new RaftLog(stored);
  log.replaceFrom([entry(3, 2)]);
  t.is(Number(log.lastIndex()), 3);
  t.is(log.term(index(4)), undefined);
  t.deepEqual(places(log.entries(index(2), index(4), 100)), ['2/1'], 'cut off where the tail begins');
  t.deepEqual(places(log.entries(index(3), index(4), 100)), ['3/2']);
  log.push(entry(4, 3));
  stored.append(log.takeTail());
  t.deepEqual(places(log.entries(index(2), index(5), 100)), ['2/1', '3/2', '4/3']);
});

test('what was handed out of the tail does not change afterwards', (t) => {
  const log = new RaftLog(logWithTerms(membership, []));
  log.push(entry(1, 1));
  const sent = log.entries(index(1), index(2), 100);
  log.takeTail();
  log.push(entry(1, 1));
  t.is(sent?.length, 1);
});

test('entries about to be overwritten are not durable, from the moment that this is known', (t) => {
  const stored = logWithTerms(membership, [1]);
  const log = new RaftLog(stored);
  log.replaceFrom([entry(2, 1), entry(3, 1), entry(4, 1)]);
  stored.append(log.takeTail());
  log.replaceFrom([entry(3, 2)]);
  log.durable(index(4), term(1));
  t.is(Number(log.durableIndex), 2);
  log.replaceFrom([entry(2, 3)]);
  t.is(Number(log.durableIndex), 1);
});

test('a tail may be replaced in the middle before it is taken', (t) => {
  const log = new RaftLog(logWithTerms(membership, [1]));
  log.replaceFrom([entry(2, 1), entry(3, 1), entry(4, 1)]);
  log.replaceFrom([entry(3, 2)]);
  t.deepEqual(places(log.takeTail()), ['2/1', '3/2']);
});

test('gaps are refused', (t) => {
  const log = new RaftLog(logWithTerms(membership, [1]));
  t.throws(() => log.push(entry(3, 1)), { message: 'entry 3 does not follow 1' });
  t.throws(() => log.replaceFrom([entry(4, 1)]), { message: 'entries from 4 leave a gap after 1' });
});
