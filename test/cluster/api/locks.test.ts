import test, { type ExecutionContext } from 'ava';
import Long from 'long';
import type { v3electionpb } from '../../../cluster/wire/generated/messages.js';
import { toCount, toId } from '../../../cluster/wire/long.js';
import { electionMethods, kvMethods, leaseMethods, lockMethods } from '../../../cluster/wire/services.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { ended, GrpcJs, verdict } from './grpc-js.js';
import { startMember } from './member.js';

// conformance: Lock.Lock{*} Lock.Unlock{*}
// conformance: Election.Campaign{*} Election.Proclaim{*} Election.Leader{*} Election.Observe{*} Election.Resign{*}

const { lock, unlock } = lockMethods;
const { campaign, proclaim, leader, observe, resign } = electionMethods;
const bytes = (text: string): Buffer => Buffer.from(text);
const text = (field: Uint8Array | null | undefined): string => Buffer.from(field ?? []).toString();

const lease = (calls: GrpcJs, ID: number) => calls.ask(leaseMethods.leaseGrant, { ID, TTL: 600 });
const locked = async (calls: GrpcJs, name: string, id: number): Promise<string> => {
  const { key, header } = await calls.ask(lock, { name: bytes(name), lease: id });
  return `${text(key)} at ${toCount(header?.revision)}`;
};
const unlocked = async (calls: GrpcJs, key: string): Promise<string> =>
  `gone at ${toCount((await calls.ask(unlock, { key: bytes(key) })).header?.revision)}`;
const keys = async (calls: GrpcJs, prefix: string): Promise<string> => {
  const rangeEnd = bytes(`${prefix.slice(0, -1)}0`);
  const { kvs } = await calls.ask(kvMethods.range, { key: bytes(prefix), rangeEnd });
  return kvs.map((kv) => `${text(kv.key)}=${text(kv.value)}`).join(' ');
};

type LeaderKey = v3electionpb.LeaderKey.$Properties;

const elected = async (calls: GrpcJs, name: string, id: number, value: string): Promise<string> => {
  const { header, leader: won } = await calls.ask(campaign, { name: bytes(name), lease: id, value: bytes(value) });
  return `${shown(won)} at ${toCount(header?.revision)}`;
};
const shown = (key: LeaderKey | null | undefined): string =>
  `${text(key?.name)} ${text(key?.key)} since ${toCount(key?.rev)} by ${toId(key?.lease)}`;
const key = (name: string, id: number, rev: number): LeaderKey => ({
  name: bytes(name),
  key: bytes(`${name}/${id.toString(16)}`),
  rev,
  lease: id,
});
const proclaimed = async (calls: GrpcJs, place: LeaderKey | undefined, value: string): Promise<string> => {
  const { header } = await calls.ask(proclaim, { ...(place && { leader: place }), value: bytes(value) });
  return `said at ${toCount(header?.revision)}`;
};
const resigned = async (calls: GrpcJs, place?: LeaderKey): Promise<string> =>
  `left at ${toCount((await calls.ask(resign, place ? { leader: place } : {})).header?.revision)}`;
const leads = async (calls: GrpcJs, name: string): Promise<string> => {
  const { kv, header } = await calls.ask(leader, { name: bytes(name) });
  const { createRevision, modRevision, version } = kv ?? {};
  const counts = [createRevision, modRevision, version, header?.revision].map(toCount).join(' ');
  return `${text(kv?.key)}=${text(kv?.value)} ${counts} by ${toId(kv?.lease)}`;
};

/** The first answer waits until the second one has been given. */
const after = async (
  calls: GrpcJs,
  waiting: Promise<string>,
  prefix: string,
  count: number,
  second: () => Promise<string>,
) => {
  await reached(calls, prefix, (now) => now.split(' ').length === count);
  return [await second(), await waiting].join(', ');
};

type Situation = readonly [what: string, ask: (calls: GrpcJs) => Promise<string>];

const situations: readonly Situation[] = [
  ['three leases', (calls) => Promise.all([10, 11, 12].map((id) => lease(calls, id))).then(() => 'some')],
  ['a lock', (calls) => locked(calls, 'l', 10)],
  ['the same lock by its holder', (calls) => locked(calls, 'l', 10)],
  [
    'the same lock by another, who gets it from the holder',
    (calls) => after(calls, locked(calls, 'l', 11), 'l/', 2, () => unlocked(calls, 'l/a')),
  ],
  ['what it looks like', (calls) => keys(calls, 'l/')],
  ['a lock with an unknown lease', (calls) => locked(calls, 'l', 99)],
  ['a lock without a name', (calls) => locked(calls, '', 10)],
  ['what that looks like', (calls) => keys(calls, '/')],
  ['a lock with a negative lease', (calls) => lease(calls, -10).then(() => locked(calls, 'negative', -10))],
  ['unlocking nothing', (calls) => unlocked(calls, '')],
  ['unlocking what is not there', (calls) => unlocked(calls, 'absent')],
  [
    'a lock that opens with its holder’s lease',
    (calls) =>
      after(calls, locked(calls, 'l', 12), 'l/', 2, () =>
        calls.ask(leaseMethods.leaseRevoke, { ID: 11 }).then(() => 'revoked'),
      ),
  ],
  ['nobody’s election', (calls) => leads(calls, 'e')],
  ['an election without a candidate', (calls) => elected(calls, 'e', 99, 'x')],
  ['an election', (calls) => elected(calls, 'e', 10, 'one')],
  ['who leads', (calls) => leads(calls, 'e')],
  ['the same candidate with the same word', (calls) => elected(calls, 'e', 10, 'one')],
  ['the same candidate with another', (calls) => elected(calls, 'e', 10, 'two')],
  [
    'a word of the leader',
    (calls) =>
      calls
        .ask(leader, { name: bytes('e') })
        .then(({ kv }) => proclaimed(calls, key('e', 10, toCount(kv?.createRevision)), 'three')),
  ],
  ['a word of who has not been elected', (calls) => proclaimed(calls, key('e', 10, 3), 'four')],
  ['a word of nobody', (calls) => proclaimed(calls, undefined, 'five')],
  ['a word of who names no key', (calls) => proclaimed(calls, {}, 'five')],
  ['what the leader said', (calls) => leads(calls, 'e')],
  [
    'the next leader',
    (calls) =>
      after(calls, elected(calls, 'e', 12, 'six'), 'e/', 2, async () => {
        const { kv } = await calls.ask(leader, { name: bytes('e') });
        return resigned(calls, key('e', 10, toCount(kv?.createRevision)));
      }),
  ],
  ['giving up what one does not have', (calls) => resigned(calls, key('e', 10, 3))],
  ['giving up nothing', (calls) => resigned(calls)],
  ['giving up what has no key', (calls) => resigned(calls, {})],
  ['who leads then', (calls) => leads(calls, 'e')],
];

async function answersOf(calls: GrpcJs): Promise<Readonly<Record<string, string>>> {
  const answers: Record<string, string> = {};
  for (const [what, ask] of situations) {
    answers[what] = await ask(calls).catch((error: unknown) => verdict(Promise.reject(error)));
  }
  return answers;
}

judge('etcd').test('locks and elections go as with a real etcd, answer by answer', async (t) => {
  const [theirs, ours] = await Promise.all([startEtcd(t), startMember(t)]);
  const expected = await answersOf(new GrpcJs(t, theirs.endpoint));
  t.deepEqual(await answersOf(new GrpcJs(t, ours.endpoint)), expected);
});

/** What an observer is told while a leader speaks, resigns and is followed by another. */
async function observed(calls: GrpcJs): Promise<readonly string[]> {
  for (const id of [10, 12]) await lease(calls, id);
  const call = calls.open<v3electionpb.LeaderResponse>(observe, { name: bytes('e') });
  const seen: string[] = [];
  let told = (): void => {};
  call.on('data', ({ kv, header }: v3electionpb.LeaderResponse) => {
    const counts = [kv?.createRevision, kv?.modRevision, kv?.version, header?.revision].map(toCount);
    seen.push(`${text(kv?.key)}=${text(kv?.value)} ${counts.join(' ')}`);
    told();
  });
  const end = ended(call);
  const until = async (count: number): Promise<void> => {
    while (seen.length < count) await new Promise<void>((resolve) => (told = resolve));
  };
  await elected(calls, 'e', 10, 'one');
  await until(1);
  const first = key('e', 10, 2);
  await proclaimed(calls, first, 'two');
  await until(2);
  const next = elected(calls, 'e', 12, 'three');
  await reached(calls, 'e/', (now) => now.split(' ').length === 2);
  await proclaimed(calls, first, 'four');
  await until(3);
  await resigned(calls, first);
  await next;
  await until(4);
  call.cancel();
  return [...seen, await end];
}

judge('etcd').test('an observer is told who leads and what leaders say, as by a real etcd', async (t) => {
  const [theirs, ours] = await Promise.all([startEtcd(t), startMember(t)]);
  const expected = await observed(new GrpcJs(t, theirs.endpoint));
  t.is(expected.length, 5);
  t.deepEqual(await observed(new GrpcJs(t, ours.endpoint)), expected);
});

async function ownMember(t: ExecutionContext) {
  const member = await startMember(t);
  const calls = new GrpcJs(t, member.endpoint);
  for (const id of [10, 11, 12]) await lease(calls, id);
  return { member, calls };
}

async function reached(calls: GrpcJs, prefix: string, isReached: (keys: string) => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; ) {
    const now = await keys(calls, prefix);
    if (isReached(now)) return;
    if (Date.now() > deadline) throw new Error(`under ${prefix} there is still ${now}`);
  }
}

const are = (expected: string) => (now: string) => now === expected;

for (const [what, wait] of [
  ['a lock', (calls: GrpcJs, signal: AbortSignal) => calls.ask(lock, { name: bytes('q'), lease: 11 }, { signal })],
  [
    'an election',
    (calls: GrpcJs, signal: AbortSignal) => calls.ask(campaign, { name: bytes('q'), lease: 11 }, { signal }),
  ],
] as const) {
  test(`whoever gives up waiting for ${what} is not waited for`, async (t) => {
    const { calls } = await ownMember(t);
    await locked(calls, 'q', 10);
    const giveUp = new AbortController();
    const waiting = verdict(wait(calls, giveUp.signal));
    await reached(calls, 'q/', are('q/a= q/b='));
    giveUp.abort();
    t.regex(await waiting, /^CANCELLED/);
    await reached(calls, 'q/', are('q/a='));
    const next = locked(calls, 'q', 12);
    await reached(calls, 'q/', are('q/a= q/c='));
    await unlocked(calls, 'q/a');
    t.regex(await next, /^q\/c/);
  });
}

test('whose lease ends while it waits is told at once, and not when its turn would have come', async (t) => {
  const { calls } = await ownMember(t);
  await locked(calls, 'q', 10);
  const [waiting, candidate] = [verdict(locked(calls, 'q', 11)), verdict(elected(calls, 'q', 12, 'x'))];
  await reached(calls, 'q/', are('q/a= q/b= q/c=x'));
  for (const ID of [11, 12]) await calls.ask(leaseMethods.leaseRevoke, { ID });
  t.is(await waiting, 'UNKNOWN mutex: session is expired');
  t.is(await candidate, 'UNKNOWN election: not leader');
});

test('a lock without a lease gets one of a minute', async (t) => {
  const { calls } = await ownMember(t);
  const { key: own } = await calls.ask(lock, { name: bytes('q') });
  const ID = BigInt(`0x${text(own).slice(2)}`);
  const { TTL, grantedTTL } = await calls.ask(leaseMethods.leaseTimeToLive, { ID: Long.fromBigInt(ID) });
  t.is(toCount(grantedTTL), 60);
  t.true(toCount(TTL) > 50);
});

test('fifty who want a lock have it one after the other, in the order in which they came', async (t) => {
  const { calls } = await ownMember(t);
  const ids = Array.from({ length: 50 }, (_, at) => 100 + at);
  await Promise.all(ids.map((id) => lease(calls, id)));
  await locked(calls, 'q', 10);
  const had: number[] = [];
  const all = [];
  for (const [at, id] of ids.entries()) {
    const hold = async () => {
      const { key: own } = await calls.ask(lock, { name: bytes('q'), lease: id }, { deadlineMs: 60_000 });
      had.push(id);
      await unlocked(calls, text(own));
    };
    all.push(hold());
    await reached(calls, 'q/', (now) => now.split(' ').length === at + 2);
  }
  await unlocked(calls, 'q/a');
  await Promise.all(all);
  t.deepEqual(had, ids);
});

test('a name that no log entry should hold several times is refused', async (t) => {
  const { calls } = await ownMember(t);
  t.is(
    await verdict(calls.ask(lock, { name: Buffer.alloc(300_000, 'x'), lease: 10 })),
    'UNKNOWN etcdserver: request is too large',
  );
});
