import test from 'ava';
import { deletion, put } from '../../../cluster/client/operations.js';
import { noMember, revision } from '../../../cluster/numbers.js';
import type { WatchHub } from '../../../cluster/watch/index.js';
import { startMember, type TestMember } from '../api/member.js';
import { eventually } from '../transport/eventually.js';
import { range, talkTo } from './talk.js';

// conformance: Watch.Watch{create_request.progress_notify progress_request}

const denied = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';

const hubOf = ({ watches }: TestMember['state']): WatchHub => watches as WatchHub;

/** With auth on: root, and app who may read k* and write everything. */
async function secured({ client }: TestMember): Promise<{ root: string; app: string }> {
  const { auth } = client();
  for (const user of ['root', 'app']) await auth.userAdd(user, 'secret');
  await auth.roleAdd('reader');
  await auth.roleGrantPermission('reader', { access: 'read', key: Buffer.from('k'), end: Buffer.from('l') });
  await auth.userGrantRole('app', 'reader');
  await auth.userGrantRole('root', 'root');
  await auth.enable();
  return { root: await auth.authenticate('root', 'secret'), app: await auth.authenticate('app', 'secret') };
}

test.serial(
  'what is larger than a message goes out in fragments to whoever takes them, and whole to others',
  async (t) => {
    const { endpoint, client } = await startMember(t);
    const keys = ['k1', 'k2', 'k3'];
    const write = (value: string) => client().txn({ success: keys.map((key) => put(key, value.repeat(500_000))) });
    await write('a');
    const talk = talkTo(t, endpoint)();
    talk.watch({ ...range('k', 'l'), prevKv: true, fragment: true });
    talk.watch({ ...range('k', 'l'), prevKv: true });
    await talk.received(2);
    await write('b');
    await talk.received(5);
    const parts = talk.answers.slice(2).map(({ watchId, fragment, events, header }) => {
      const told = events.map(({ kv, prevKv }) => `${kv?.key} ${kv?.value?.length} ${prevKv?.value?.length}`);
      return [Number(watchId), fragment, Number(header?.revision), ...told];
    });
    const told = keys.map((key) => `${key} 500000 500000`);
    t.deepEqual(parts, [
      [0, true, 3, told[0], told[1]],
      [0, false, 3, told[2]],
      [1, false, 3, ...told],
    ]);
  },
);

test.serial('progress is noticed to quiet watchers that want to know, at the latest revision', async (t) => {
  const member = await startMember(t);
  const client = member.client();
  member.state.watchProgressMs = 20;
  await client.put('a', '1');
  const talk = talkTo(t, member.endpoint)();
  talk.watch({ ...range('a'), progressNotify: true });
  talk.watch(range('b'));
  talk.watch({ ...range('c'), progressNotify: true, startRevision: 9 });
  const notices = (): Set<string> => new Set(talk.texts.filter((text) => !text.includes('created')));
  await eventually('a notice', () => notices().has('0 at 2'));
  await client.put('other', '1');
  await eventually('a notice of the new revision', () => notices().has('0 at 3'));
  t.deepEqual([...notices()], ['0 at 2', '0 at 3']);
});

test.serial('progress of all is told once all are level, and not before', async (t) => {
  const { endpoint, client } = await startMember(t);
  const talk = talkTo(t, endpoint)();
  talk.watch(range('a'));
  talk.watch({ ...range('b'), startRevision: 5 });
  talk.askProgress();
  await talk.received(2);
  for (const n of [2, 3, 4]) await client().put('c', String(n));
  talk.askProgress();
  t.deepEqual(await talk.received(3), ['0 at 1, created', '1 at 1, created', '-1 at 4']);
});

test.serial('a watch of what may not be read is refused, and the stream serves others', async (t) => {
  const member = await startMember(t);
  const { app } = await secured(member);
  const talk = talkTo(t, member.endpoint, { token: app })();
  const creations = [range('k', 'm'), range('j'), range('k', '\0'), range('', '\0'), range('k', 'l'), range('k1')];
  for (const creation of creations) talk.watch(creation);
  const refused = `-1 at 1, created, canceled, because ${denied}`;
  t.deepEqual(await talk.received(6), [
    ...[refused, refused, refused, refused],
    ...['0 at 1, created', '1 at 1, created'],
  ]);
});

test.serial('who is nobody, or shows a token that is none, is told so', async (t) => {
  const member = await startMember(t);
  await secured(member);
  const reasons = {
    '': 'rpc error: code = InvalidArgument desc = etcdserver: user name is empty',
    nonsense: 'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token',
  };
  for (const [token, reason] of Object.entries(reasons)) {
    const talk = talkTo(t, member.endpoint, token === '' ? {} : { token })();
    talk.watch(range('k'));
    t.deepEqual(await talk.received(1), [`-1 at 1, created, canceled, because ${reason}`]);
  }
});

test.serial('a permission that is taken away ends its watches before anything later is told', async (t) => {
  const member = await startMember(t);
  const { root, app } = await secured(member);
  const client = member.client({ token: root });
  const open = talkTo(t, member.endpoint, { token: app });
  const [talk, atRoot] = [open(), talkTo(t, member.endpoint, { token: root })()];
  talk.watch(range('k', 'l'));
  talk.watch(range('k1'));
  atRoot.watch(range('k', 'l'));
  await talk.received(2);
  await atRoot.received(1);
  await client.put('k1', 'before');
  await client.auth.roleGrantPermission('reader', { access: 'read', key: Buffer.from('k1') });
  await client.auth.roleRevokePermission('reader', { key: Buffer.from('k'), end: Buffer.from('l') });
  await client.put('k1', 'between');
  await client.auth.userDelete('app');
  await client.put('k1', 'after');
  await atRoot.happened(3);
  t.deepEqual(await talk.received(7), [
    '0 at 1, created',
    '1 at 1, created',
    // Watchers of a key come before those of ranges.
    '1 at 2, PUT k1=before 2/2/1',
    '0 at 2, PUT k1=before 2/2/1',
    `0 at 2, canceled, because ${denied}`,
    '1 at 3, PUT k1=between 2/3/2',
    `1 at 3, canceled, because ${denied}`,
  ]);
});

test.serial('what was begun by nobody ends when auth is turned on', async (t) => {
  const member = await startMember(t);
  const talk = talkTo(t, member.endpoint)();
  talk.watch(range('k'));
  await talk.received(1);
  const { root } = await secured(member);
  await member.client({ token: root }).put('k', 'secret');
  t.deepEqual(await talk.received(2), ['0 at 1, created', `0 at 1, canceled, because ${denied}`]);
});

test.serial('a client that does not read is owed events, not memory: it gets all of them once it reads', async (t) => {
  const { endpoint, client, state } = await startMember(t);
  const talk = talkTo(t, endpoint)();
  const [writer, value] = [client(), 'x'.repeat(50_000)];
  talk.watch(range('k', 'l'));
  talk.watch(range('k7'));
  await talk.received(2);
  talk.pause();
  const hub = hubOf(state);
  for (let n = 0; n < 200; n++) await writer.put(`k${n % 10}`, value);
  t.is(hub.size.behind, 2);
  talk.resume();
  await talk.happened(220);
  const heard = (id: number) =>
    talk.answers
      .filter(({ watchId }) => Number(watchId) === id)
      .flatMap(({ events }) => events.map(({ kv }) => Number(kv?.modRevision)));
  t.deepEqual(
    heard(0),
    Array.from({ length: 200 }, (_, n) => n + 2),
  );
  t.deepEqual(
    heard(1),
    Array.from({ length: 20 }, (_, n) => 10 * n + 9),
  );
  await eventually('both being level again', () => hub.size.behind === 0);
  await writer.put('k7', 'at once');
  t.is((await talk.happened(222)).length, 222);
});

test.serial('a client that does not read until what it is owed is compacted is told up to where', async (t) => {
  const { endpoint, client, state } = await startMember(t);
  const talk = talkTo(t, endpoint)();
  const [writer, value] = [client(), 'x'.repeat(50_000)];
  talk.watch(range('k'));
  await talk.received(1);
  talk.pause();
  for (let n = 0; n < 150; n++) await writer.put('k', value);
  await writer.compact(revision(150));
  t.is(hubOf(state).size.behind, 1);
  talk.resume();
  await eventually('the end of the watch', () => talk.texts.at(-1)?.includes('canceled'));
  t.is(talk.texts.at(-1), '0 at 0, canceled, compacted 150');
  const heard = talk.answers.flatMap(({ events }) => events.map(({ kv }) => Number(kv?.modRevision)));
  t.deepEqual(
    heard,
    heard.map((_, n) => n + 2),
  );
  t.true(heard.length < 149);
});

test.serial('a stream goes on after its client has said all, and ends with it', async (t) => {
  const { endpoint, client, state } = await startMember(t);
  const talk = talkTo(t, endpoint)();
  talk.watch(range('k'));
  talk.halfClose();
  await talk.received(1);
  await client().put('k', 'v');
  await talk.received(2);
  talk.cancel();
  const hub = hubOf(state);
  await eventually('all being gone', () => JSON.stringify(hub.size) === '{"streams":0,"watchers":0,"behind":0}');
  t.pass();
});

test.serial('a member that stops ends watches at once, for their clients to go on elsewhere', async (t) => {
  const { endpoint, front } = await startMember(t);
  const talk = talkTo(t, endpoint)();
  talk.watch(range('k'));
  await talk.received(1);
  const begun = performance.now();
  await front.close(60_000);
  t.is(await talk.ended(), 'UNAVAILABLE etcdserver: server stopped');
  t.true(performance.now() - begun < 5000);
});

test.serial('without a leader for three elections, streams that want one end, and others do not', async (t) => {
  const { endpoint, log } = await startMember(t, undefined, { electionMs: 20 });
  const [strict, lax] = [talkTo(t, endpoint, { hasleader: 'true' })(), talkTo(t, endpoint)()];
  for (const talk of [strict, lax]) talk.watch(range('k'));
  for (const talk of [strict, lax]) await talk.received(1);
  log.leader = noMember;
  t.is(await strict.ended(), 'UNAVAILABLE etcdserver: no leader');
  t.is(lax.end, undefined);
  t.is(await talkTo(t, endpoint, { hasleader: 'true' })().ended(), 'UNAVAILABLE etcdserver: no leader');
});

test.serial(
  'a deletion at the compacted revision is told to whoever starts there, and gone with the next compaction',
  async (t) => {
    const member = await startMember(t);
    const client = member.client();
    await client.put('k', 'v');
    await client.put('other', '1');
    await client.txn({ success: [deletion('k'), put('other', '2')] });
    await client.put('other', '3');
    await client.compact(revision(4), { physical: true });
    const open = talkTo(t, member.endpoint);
    const talk = open();
    talk.watch({ ...range('\0', '\0'), startRevision: 4 });
    t.is((await talk.received(2))[1], '0 at 5, DELETE k= 0/4/0, PUT other=2 3/4/2, PUT other=3 3/5/3');
    await client.compact(revision(5), { physical: true });
    const left = [...member.kv.changes(revision(0))].map(({ revision: at }) => Number(at));
    t.deepEqual(left, [5]);
  },
);
