import test from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { index, memberId, noMember, term } from '../../../cluster/numbers.js';
import { put } from '../store/operations.js';
import { codeOf, defaults, heartbeat, leaderRig, lonelyRig } from './rig.js';

const propose = ({ consensus }: { consensus: Awaited<ReturnType<typeof lonelyRig>>['consensus'] }, value = 'v') =>
  consensus.propose(put('k', value), undefined);

const { requestTimeoutMs, sweepMs } = defaults;

test('a proposal resolves once it is applied, and a read sees it', async (t) => {
  const rig = await leaderRig(t);
  const outcome = propose(rig);
  await rig.pass(10);
  t.is((await outcome).result.kind, 'put');
  const read = rig.consensus.linearize();
  await rig.pass(10);
  await read;
  t.is(rig.consensus.status().appliedIndex, rig.consensus.status().commitIndex);
});

test('more proposals than may wait are refused, and taken again when there is room', async (t) => {
  const rig = await lonelyRig(t, { waitingMax: 2 });
  const waiting = [codeOf(propose(rig)), codeOf(propose(rig))];
  t.is(await codeOf(propose(rig)), 'too-many-requests');
  await rig.pass(requestTimeoutMs + sweepMs);
  t.deepEqual(await Promise.all(waiting), ['timeout', 'timeout']);
  const later = codeOf(propose(rig));
  await rig.pass(requestTimeoutMs + sweepMs);
  t.is(await later, 'timeout');
});

test('more reads than may wait are refused', async (t) => {
  const rig = await lonelyRig(t, { waitingMax: 2 });
  const waiting = [codeOf(rig.consensus.linearize()), codeOf(rig.consensus.linearize())];
  t.is(await codeOf(rig.consensus.linearize()), 'too-many-requests');
  await rig.pass(requestTimeoutMs + sweepMs);
  t.deepEqual(await Promise.all(waiting), ['timeout', 'timeout']);
});

test('whoever waits while there is no leader is not told of what may have been lost', async (t) => {
  const rig = await lonelyRig(t);
  await rig.receive(heartbeat);
  t.is(rig.driver.standing.leader, heartbeat.from);
  await rig.pass(1500);
  const waiting = [codeOf(propose(rig)), codeOf(rig.consensus.linearize())];
  await rig.pass(requestTimeoutMs + sweepMs);
  t.is(rig.driver.standing.leader, noMember);
  t.deepEqual(await Promise.all(waiting), ['timeout', 'timeout']);
});

test('whoever asked to change something shortly before another leader was there is told so', async (t) => {
  const rig = await lonelyRig(t, { requestTimeoutMs: 7000 });
  await rig.receive(heartbeat);
  const early = codeOf(propose(rig));
  await rig.pass(3000);
  const waiting = [codeOf(propose(rig)), codeOf(rig.consensus.linearize())];
  await rig.pass(1000);
  for (let ms = 0; ms < 6500; ms += 500) {
    await rig.receive({ ...heartbeat, term: term(9), from: memberId(3n) });
    await rig.pass(499);
  }
  t.is(await early, 'timeout');
  t.deepEqual(await Promise.all(waiting), ['timeout-leader-failure', 'timeout']);
});

test('whoever asked to change something over a connection that was lost is told so', async (t) => {
  const rig = await lonelyRig(t);
  await rig.receive(heartbeat);
  const waiting = [codeOf(propose(rig)), codeOf(rig.consensus.linearize())];
  rig.disconnect();
  for (let ms = 0; ms < requestTimeoutMs + sweepMs; ms += 100) {
    await rig.receive(heartbeat);
    await rig.pass(99);
  }
  t.deepEqual(await Promise.all(waiting), ['timeout-connection-lost', 'timeout']);
});

test('a forwarded proposal and a forwarded read that nobody answers end at their deadline', async (t) => {
  const rig = await lonelyRig(t);
  await rig.receive(heartbeat);
  const waiting = [codeOf(propose(rig)), codeOf(rig.consensus.linearize())];
  for (let ms = 0; ms < requestTimeoutMs + sweepMs; ms += 100) {
    await rig.receive(heartbeat);
    await rig.pass(99);
  }
  t.deepEqual(await Promise.all(waiting), ['timeout', 'timeout']);
  t.true(rig.sent.some(({ kind }) => kind === 'propose') && rig.sent.some(({ kind }) => kind === 'read-index'));
});

test('what has timed out does not leave the member when a leader appears', async (t) => {
  const rig = await lonelyRig(t);
  const late = codeOf(propose(rig, 'late'));
  await rig.pass(requestTimeoutMs + sweepMs);
  t.is(await late, 'timeout');
  const inTime = codeOf(propose(rig, 'in time'));
  await rig.receive(heartbeat);
  const forwarded = rig.sent.flatMap((message) => (message.kind === 'propose' ? message.data : []));
  t.deepEqual(
    forwarded.map((data) => Buffer.from(data).includes('in time')),
    [true],
  );
  await rig.pass(requestTimeoutMs + sweepMs);
  t.is(await inTime, 'timeout');
});

test('large proposals are forwarded in several messages', async (t) => {
  const rig = await lonelyRig(t);
  await rig.receive(heartbeat);
  const waiting = [1, 2, 3].map(() => codeOf(propose(rig, 'x'.repeat(600 << 10))));
  await rig.pass(10);
  const messages = rig.sent.flatMap((message) => (message.kind === 'propose' ? [message.data.length] : []));
  t.deepEqual(messages, [1, 1, 1]);
  await rig.pass(2 * requestTimeoutMs);
  t.is((await Promise.all(waiting)).length, 3);
});

test('a caller that gives up is answered at once, also when it had given up before it asked', async (t) => {
  const rig = await lonelyRig(t);
  const caller = new AbortController();
  const waiting = [
    codeOf(rig.consensus.propose(put('k', 'v'), undefined, caller.signal)),
    codeOf(rig.consensus.linearize(caller.signal)),
  ];
  caller.abort();
  t.deepEqual(await Promise.all(waiting), ['cancelled', 'cancelled']);
  t.is(await codeOf(rig.consensus.propose(put('k', 'v'), undefined, caller.signal)), 'cancelled');
  t.is(await codeOf(rig.consensus.linearize(caller.signal)), 'cancelled');
});

test('stopping rejects everybody who waits, and everybody who comes later', async (t) => {
  const rig = await lonelyRig(t);
  const waiting = [codeOf(propose(rig)), codeOf(rig.consensus.linearize())];
  rig.consensus.stop(new ClusterError('stopped', 'this member is stopping'));
  t.deepEqual(await Promise.all(waiting), ['stopped', 'stopped']);
  t.is(await codeOf(propose(rig)), 'stopped');
  t.is(await codeOf(rig.consensus.linearize()), 'stopped');
});

test('a full disk is reported once, and rejects everybody who waits and comes later', async (t) => {
  const rig = await leaderRig(t);
  rig.disk.failNext('write', 'ENOSPC');
  const waiting = [codeOf(propose(rig)), codeOf(propose(rig))];
  await rig.pass(10);
  t.deepEqual(await Promise.all(waiting), ['disk-full', 'disk-full']);
  t.is(await codeOf(rig.consensus.linearize()), 'disk-full');
  await rig.receive(heartbeat);
  await rig.pass(2000);
  t.deepEqual(
    rig.failures.map(({ code }) => code),
    ['disk-full'],
  );
  await rig.driver.stop();
});

test('a broken invariant stops the member', async (t) => {
  const rig = await lonelyRig(t);
  await rig.receive({ ...heartbeat, commit: index(1000) }); // beyond the end of the log
  t.deepEqual(
    rig.failures.map(({ code }) => code),
    ['store-damaged'],
  );
  t.is(await codeOf(propose(rig)), 'store-damaged');
});
