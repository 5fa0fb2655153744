import type { ExecutionContext } from 'ava';
import { connect, type EtcdClient } from '../../../cluster/client/client.js';
import { deletion, put } from '../../../cluster/client/operations.js';
import { revision } from '../../../cluster/numbers.js';
import { range, talkTo, type WatchTalk } from './talk.js';

interface Setting {
  readonly client: EtcdClient;
  /** Streams by name, opened when first named. */
  talk(name: string): WatchTalk;
}

/** One step: what is done, and how many answers the named streams have got in all once its effects are there. */
export interface Step {
  readonly what: string;
  readonly act: (setting: Setting) => unknown;
  readonly answers?: Readonly<Record<string, number>>;
}

const key = (n: number): string => `k${n}`;

/** What a Watch stream can be asked and what can happen under it; the store begins empty, at revision 1. */
export const script: readonly Step[] = [
  { what: 'a watch of one key', act: ({ talk }) => talk('a').watch(range('a')), answers: { a: 1 } },
  { what: 'its key is put', act: ({ client }) => client.put('a', '1'), answers: { a: 2 } },
  { what: 'another key is put', act: ({ client }) => client.put('b', '1') },
  { what: 'its key is put again', act: ({ client }) => client.put('a', '2'), answers: { a: 3 } },
  { what: 'its key is deleted', act: ({ client }) => client.delete('a'), answers: { a: 4 } },
  { what: 'a deletion of nothing', act: ({ client }) => client.delete('a') },
  {
    what: 'a watch of a range with what was before',
    act: ({ talk }) => talk('a').watch({ ...range('k', 'l'), prevKv: true }),
    answers: { a: 5 },
  },
  {
    what: 'several keys at one revision',
    act: ({ client }) => client.txn({ success: [put('k1', 'x'), put('a', '3'), put('k2', 'y'), put('b', '2')] }),
    answers: { a: 7 },
  },
  {
    what: 'puts and deletions at one revision',
    act: ({ client }) => client.txn({ success: [deletion('k1'), put('k2', 'z'), put('k3', 'new')] }),
    answers: { a: 8 },
  },
  {
    what: 'a range is deleted',
    act: ({ client }) => client.delete({ key: Buffer.from('k'), end: Buffer.from('l') }),
    answers: { a: 9 },
  },
  { what: 'a deleted key comes back', act: ({ client }) => client.put('k1', 'again'), answers: { a: 10 } },
  {
    what: 'all from the beginning',
    act: ({ talk }) => talk('b').watch({ ...range('\0', '\0'), startRevision: 1 }),
    answers: { b: 2 },
  },
  {
    what: 'the past of a range',
    act: ({ talk }) => talk('b').watch({ ...range('k', 'l'), startRevision: 6, prevKv: true }),
    answers: { b: 4 },
  },
  {
    what: 'no puts',
    act: ({ talk }) => talk('b').watch({ ...range('a'), startRevision: 2, filters: [0] }),
    answers: { b: 6 },
  },
  {
    what: 'neither',
    act: ({ talk }) => talk('b').watch({ ...range('a'), startRevision: 2, filters: [0, 1] }),
    answers: { b: 7 },
  },
  {
    // Behind the one that is told nothing: etcd reads to both in one go, which a compaction must not overtake.
    what: 'no deletions',
    act: ({ talk }) => talk('b').watch({ ...range('a'), startRevision: 2, filters: [1] }),
    answers: { b: 9 },
  },
  { what: 'an empty key', act: ({ talk }) => talk('c').watch({}), answers: { c: 1 } },
  { what: 'the empty key is \\0', act: ({ client }) => client.put('\0', 'zero'), answers: { c: 2, b: 10 } },
  {
    what: 'a negative start',
    act: ({ talk }) => talk('ours').watch({ ...range('a'), startRevision: -1 }),
    answers: { ours: 1 },
  },
  { what: 'an empty range', act: ({ talk }) => talk('c').watch(range('b', 'a')), answers: { c: 3 } },
  { what: 'a range of no length', act: ({ talk }) => talk('c').watch(range('b', 'b')), answers: { c: 4 } },
  { what: 'an id of its own', act: ({ talk }) => talk('c').watch({ ...range('own'), watchId: 7 }), answers: { c: 5 } },
  { what: 'the same id again', act: ({ talk }) => talk('c').watch({ ...range('own'), watchId: 7 }), answers: { c: 6 } },
  {
    what: 'the id that would be next',
    act: ({ talk }) => talk('c').watch({ ...range('next'), watchId: 3 }),
    answers: { c: 7 },
  },
  { what: 'ids are picked', act: ({ talk }) => talk('c').watch(range('picked 1')), answers: { c: 8 } },
  { what: 'more ids', act: ({ talk }) => talk('c').watch(range('picked 2')), answers: { c: 9 } },
  { what: 'and more', act: ({ talk }) => talk('c').watch(range('picked 3')), answers: { c: 10 } },
  { what: 'a watch is cancelled', act: ({ talk }) => talk('c').unwatch(7), answers: { c: 11 } },
  { what: 'an unknown watch is cancelled', act: ({ talk }) => talk('c').unwatch(99) },
  { what: 'what is not watched any more', act: ({ client }) => client.put('own', 'unheard'), answers: { b: 11 } },
  {
    what: 'an id is free again',
    act: ({ talk }) => talk('c').watch({ ...range('own'), watchId: 7 }),
    answers: { c: 12 },
  },
  {
    what: 'a start in the future (#20221)',
    act: ({ talk }) => talk('d').watch({ ...range('f'), startRevision: 15 }),
    answers: { d: 1 },
  },
  { what: 'too early', act: ({ client }) => client.put('f', '12'), answers: { b: 12 } },
  { what: 'too early again', act: ({ client }) => client.put('f', '13'), answers: { b: 13 } },
  { what: 'and again', act: ({ client }) => client.put('f', '14'), answers: { b: 14 } },
  { what: 'the future', act: ({ client }) => client.put('f', '15'), answers: { b: 15, d: 2 } },
  { what: 'progress of all', act: ({ talk }) => talk('c').askProgress(), answers: { c: 13 } },
  { what: 'progress of a stream without watches', act: ({ talk }) => talk('ours').askProgress() },
  { what: 'a request that asks for nothing', act: ({ talk }) => talk('e').write({}) },
  { what: 'a compaction', act: ({ client }) => client.compact(revision(10)) },
  {
    what: 'from before the compaction',
    act: ({ talk }) => talk('e').watch({ ...range('k', 'l'), startRevision: 9 }),
    answers: { e: 2 },
  },
  {
    what: 'from the compaction',
    act: ({ talk }) => talk('e').watch({ ...range('\0', '\0'), startRevision: 10 }),
    answers: { e: 4 },
  },
  {
    what: 'what was before is compacted',
    act: ({ talk }) => talk('e').watch({ ...range('k', 'l'), startRevision: 10, prevKv: true }),
    answers: { e: 5 },
  },
  {
    what: 'many keys at one revision',
    act: ({ client }) => client.txn({ success: Array.from({ length: 20 }, (_, n) => put(key(n), 'v')) }),
    answers: { a: 11, b: 17, e: 7 },
  },
  {
    what: 'everything is deleted',
    act: ({ client }) => client.delete({ key: Buffer.of(0), end: Buffer.of(0) }),
    answers: { a: 13, b: 20, c: 15, d: 3, e: 9 },
  },
];

/**
 * Plays the script at an endpoint; gives what each stream got, by watcher: a real etcd goes through those of a revision in
 * random order.
 */
export async function play(t: ExecutionContext, endpoint: string, steps = script): Promise<Record<string, string[]>> {
  const client = connect({ endpoints: [endpoint] });
  t.teardown(() => client.close());
  const open = talkTo(t, endpoint);
  const talks = new Map<string, WatchTalk>();
  const talk = (name: string): WatchTalk => {
    const known = talks.get(name) ?? open();
    talks.set(name, known);
    return known;
  };
  for (const { what, act, answers = {} } of steps) {
    await act({ client, talk });
    for (const [name, count] of Object.entries(answers)) {
      await talk(name)
        .received(count)
        .catch((error: Error) => Promise.reject(new Error(`${what}: ${error.message}`)));
    }
  }
  return Object.fromEntries([...talks].map(([name, { texts }]) => [name, byWatcher(texts)]));
}

const idOf = (text: string): number => Number.parseInt(text, 10);
/** Stable: of one watcher all stays in order. */
const byWatcher = (texts: readonly string[]): string[] => [...texts].sort((a, b) => idOf(a) - idOf(b));
