import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import type { SnapshotMark } from '../../../cluster/raft/types.js';
import { dial } from '../../../cluster/transport/dial.js';
import { defaultLimits } from '../../../cluster/transport/limits.js';
import { markFields } from '../../../cluster/transport/mark-codec.js';
import { decodeAnswer } from '../../../cluster/transport/peer-answers.js';
import { snapshotPath } from '../../../cluster/transport/snapshot-sender.js';
import { quorate } from '../../../cluster/wire/generated/messages.js';
import { folderOf } from './certificates.js';
import { eventually } from './eventually.js';
import { certified, contexts, heartbeat, introduce, type Member, mark, openMember } from './peers.js';

const megabyte = 1024 ** 2;

/** A file of random megabytes, written piece by piece. */
async function makeFile(t: ExecutionContext, megabytes: number): Promise<string> {
  const file = join(folderOf(t), 'snapshot.db');
  const handle = await open(file, 'w');
  for (let at = 0; at < megabytes; at++) await handle.write(randomBytes(megabyte));
  await handle.close();
  return file;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file);
  for await (const chunk of handle.createReadStream()) hash.update(chunk);
  return hash.digest('hex');
}

const leftovers = ({ snapshotFolder }: Member): readonly string[] =>
  existsSync(snapshotFolder) ? readdirSync(snapshotFolder) : [];

async function openPair(t: ExecutionContext): Promise<readonly [Member, Member]> {
  const [one, two] = [await openMember(t, { id: 1n }), await openMember(t, { id: 2n })];
  introduce(one, two);
  return [one, two];
}

test('a snapshot of 120 MB arrives whole, in bounded memory, while messages pass it', async (t) => {
  const { files } = certified(t, 2);
  const [first, second] = files;
  if (first === undefined || second === undefined) throw new Error('there are no certificates');
  const [one, two] = [await openMember(t, { id: 1n, files: first }), await openMember(t, { id: 2n, files: second })];
  introduce(one, two);
  const file = await makeFile(t, 120);
  const received: { from: bigint; mark: SnapshotMark; hash: string }[] = [];
  two.network.onSnapshot(async (from, at, place) => {
    received.push({ from, mark: at, hash: await hashOf(place) });
  });
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  let context = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    one.network.send([heartbeat(one, two, ++context)]);
  }, 5);
  await one.network.sendSnapshot(two.peer.id, mark, file).finally(() => clearInterval(sampling));
  t.deepEqual(received, [{ from: one.peer.id, mark, hash: await hashOf(file) }]);
  t.true(peak < 70 * megabyte, `${peak / megabyte} MB for both sides`);
  t.true(contexts(two.heard).length > 0);
});

test('an empty file is a snapshot too', async (t) => {
  const [one, two] = await openPair(t);
  two.network.onSnapshot(async (_, __, place) => void t.is(readFileSync(place).length, 0));
  await one.network.sendSnapshot(two.peer.id, mark, await makeFile(t, 0));
});

test('what the receiver has to say against a snapshot reaches its sender, and the file is removed', async (t) => {
  const [one, two] = await openPair(t);
  const file = await makeFile(t, 1);
  const error = await t.throwsAsync(one.network.sendSnapshot(two.peer.id, mark, file), { instanceOf: ClusterError });
  t.is(error?.message, 'no snapshots are taken here');
  two.network.onSnapshot(() => Promise.reject(new ClusterError('disk-full', 'no space is left', {})));
  const full = await t.throwsAsync(one.network.sendSnapshot(two.peer.id, mark, file), { instanceOf: ClusterError });
  t.is(full?.code, 'disk-full');
  t.is(full?.message, 'no space is left');
  t.deepEqual(leftovers(two), []);
});

test('a snapshot for nobody, for one who is away, or of no file is refused at once', async (t) => {
  const [one, two] = await openPair(t);
  const file = await makeFile(t, 1);
  const codeOf = async (attempt: Promise<void>) => (await t.throwsAsync(attempt, { instanceOf: ClusterError }))?.code;
  t.is(await codeOf(one.network.sendSnapshot(one.peer.id, mark, file)), 'cancelled');
  t.is(await codeOf(one.network.sendSnapshot(two.peer.id, mark, `${file}.none`)), 'snapshot-damaged');
  await two.close();
  t.is(await codeOf(one.network.sendSnapshot(two.peer.id, mark, file)), 'connection-failed');
});

type Part = quorate.SnapshotPart.$Properties;

/** Sends parts as no sender of ours would, on a stream that is left open; `said`: the receiver's word. */
async function sendParts(from: Member, to: Member, parts: readonly Part[]) {
  const dialing = {
    identity: from.identity,
    peers: () => new Map([[to.peer.id, to.peer]]),
    material: undefined,
    limits: defaultLimits,
  };
  const url = to.peer.urls[0] ?? '';
  const stream = await dial(dialing, to.peer, url, snapshotPath, new AbortController().signal);
  const said = new Promise<ClusterError | undefined>((resolve) => {
    stream.read((message) => resolve(decodeAnswer(message).failure));
  });
  for (const part of parts) stream.write(quorate.SnapshotPart.encode(part).finish());
  return { stream, said };
}

const chunk = Buffer.from('the state');
const head: Part = { head: { mark: markFields(mark), size: chunk.length } };
const sum: Part = { sha256: createHash('sha256').update(chunk).digest() };

const damaged = test.macro({
  title: (_, what: string) => `a snapshot that ${what} is refused and removed`,
  exec: async (t, what: string, parts: readonly Part[]) => {
    const [one, two] = await openPair(t);
    two.network.onSnapshot(async () => t.fail('it was handed over'));
    const { said, stream } = await sendParts(one, two, parts);
    const refusal = await said;
    t.is(refusal?.code, 'snapshot-damaged');
    t.is(refusal?.message, `the snapshot from m1 ${what}`);
    await eventually('the removal', () => leftovers(two).length === 0);
    await stream.closed;
  },
});

test(damaged, 'does not match its SHA-256', [head, { chunk: Buffer.from('the stale') }, sum]);
test(damaged, 'has 4 bytes instead of 9', [head, { chunk: chunk.subarray(0, 4) }, sum]);
test(damaged, 'does not begin with its head', [{ chunk }, sum]);
test(damaged, 'has two heads', [head, head, { chunk }, sum]);

test('a snapshot that ends before its checksum is removed', async (t) => {
  const [one, two] = await openPair(t);
  two.network.onSnapshot(async () => t.fail('it was handed over'));
  const { stream } = await sendParts(one, two, [head, { chunk }]);
  stream.end();
  const { fields } = await eventually('the warning', () => two.logger.lines.find(({ level }) => level === 'warn'));
  t.is(String(fields.error), 'ClusterError: the snapshot from m1 ended after 9 bytes');
  await eventually('the removal', () => leftovers(two).length === 0);
});

test('what comes after the checksum of a snapshot is passed over', async (t) => {
  const [one, two] = await openPair(t);
  let file = '';
  two.network.onSnapshot(async (_, __, received) => {
    file = received;
  });
  const { said, stream } = await sendParts(one, two, [head, { chunk }, sum, { chunk }, { chunk }]);
  t.is(await said, undefined);
  t.deepEqual(readFileSync(file), chunk);
  await stream.closed;
});

test('a sender that is cut off leaves nothing behind', async (t) => {
  const [one, two] = await openPair(t);
  two.network.onSnapshot(async () => t.fail('it was handed over'));
  const sending = one.network.sendSnapshot(two.peer.id, mark, await makeFile(t, 200));
  sending.catch(() => {});
  await eventually('the beginning', () => leftovers(two).length === 1);
  one.network.setPeers([]);
  t.is((await t.throwsAsync(sending, { instanceOf: ClusterError }))?.code, 'cancelled');
  await eventually('the removal', () => leftovers(two).length === 0);
});

test('what a member left that stopped while it received is removed when it starts', async (t) => {
  const one = await openMember(t, { id: 1n });
  mkdirSync(one.snapshotFolder, { recursive: true });
  writeFileSync(join(one.snapshotFolder, 'from-2-x.part'), 'half');
  writeFileSync(join(one.snapshotFolder, 'kept.db'), 'whole');
  await openMember(t, { id: 1n, snapshotFolder: one.snapshotFolder });
  t.deepEqual(leftovers(one), ['kept.db']);
});
