import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EtcdClient } from '../../../cluster/client/client.js';
import { everything } from '../../../cluster/client/operations.js';
import { type Revision, revision } from '../../../cluster/numbers.js';
import { leaseMethods } from '../../../cluster/wire/services.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { startMember } from '../api/member.js';
import { calls, history, saved } from './history.js';

// conformance: Maintenance.HashKV{*} Maintenance.Snapshot

// The same history in ours and in a real etcd: the same checksums, and a snapshot of ours is a store of etcd's.

const run = promisify(execFile);
const etcd = judge('etcd', 'etcdctl');

etcd.test('after every step of a history HashKV is what etcd says, at each revision', async (t) => {
  const [member, real] = [await startMember(t), await startEtcd(t)];
  const ours = member.client();
  const theirs = member.client({ endpoints: [real.endpoint] });
  const hashes = async (client: EtcdClient, endpoint: string, at?: Revision) => {
    const { hash, compactRevision, header } = await client.hashKeys(endpoint, at);
    return { hash, compactRevision, revision: header.revision };
  };
  for (const [number, step] of history.entries()) {
    await step(theirs);
    await step(ours);
    const expected = await hashes(theirs, real.endpoint);
    t.deepEqual(await hashes(ours, member.endpoint), expected, `after step ${number}`);
    for (let at = expected.compactRevision + 1; at < expected.revision; at += 3) {
      const past = revision(Math.max(1, at));
      t.deepEqual(await hashes(ours, member.endpoint, past), await hashes(theirs, real.endpoint, past), `at ${past}`);
    }
  }
});

etcd.test('at a compacted revision and at one to come HashKV is refused as etcd does it', async (t) => {
  const member = await startMember(t);
  const client = member.client();
  for (const step of history.slice(0, 25)) await step(client);
  const at = (wanted: number) => client.hashKeys(member.endpoint, revision(wanted));
  t.like(await t.throwsAsync(at(14)), { code: 'compacted' });
  t.like(await t.throwsAsync(at(99)), { code: 'future-revision' });
  t.is((await at(15)).compactRevision, 15);
});

etcd.test('etcdctl finds a snapshot of ours sound, and etcd goes on from it', async (t) => {
  const member = await startMember(t);
  const ours = member.client();
  const [{ length }, half] = [history, 24];
  for (const stop of [0, half, length]) {
    for (const step of stop === 0 ? [] : history.slice(stop === half ? 0 : half, stop)) await step(ours);
    const file = await saved(t, ours, member.endpoint);
    const { stdout } = await run('etcdctl', ['snapshot', 'status', file, '-w', 'json']);
    t.is((JSON.parse(stdout) as { revision: number }).revision, stop === 0 ? 0 : member.kv.revision);
    const restored = await startEtcd(t, undefined, file);
    const theirs = member.client({ endpoints: [restored.endpoint] });
    t.is((await theirs.hashKeys(restored.endpoint)).hash, (await ours.hashKeys(member.endpoint)).hash);
    for (let at = Math.max(1, member.kv.compactedRevision); at <= member.kv.revision; at++) {
      const { header: _, ...expected } = await ours.range({ ...everything, revision: revision(at) });
      t.like(await theirs.range({ ...everything, revision: revision(at) }), expected, `at ${at}`);
    }
    const before = member.kv.compactedRevision - 1;
    const past = theirs.range({ ...everything, revision: revision(before) });
    if (before > 0) t.like(await t.throwsAsync(past), { code: 'compacted' });
    else await past.catch(() => {});
    const listed = (client: EtcdClient) => calls(client).anywhere(leaseMethods.leaseLeases, {}, 'repeatable');
    t.deepEqual((await listed(theirs)).leases, (await listed(ours)).leases);
    t.is((await theirs.put('next', '1')).header.revision, revision(member.kv.revision + 1));
    await restored.stop();
  }
});
