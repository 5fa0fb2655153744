import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { startMember } from '../api/member.js';
import { play } from './script.js';

// conformance: Watch.Watch{create_request cancel_request progress_request}

const etcd = judge('etcd');

/** As from 3.5 on: a start below zero is compacted, and a stream without watchers makes no progress. */
const negative = ['-1 at 10, created, canceled, because etcdserver: mvcc: required revision has been compacted'];

etcd.test('watchers are told what a real etcd tells them, answer by answer', async (t) => {
  const { ours, ...same } = await play(t, (await startMember(t)).endpoint);
  t.deepEqual(ours, negative);
  // 3.4 begins such a watch, and is asked nothing else on this stream.
  const { ours: theirs, ...asked } = await play(t, (await startEtcd(t)).endpoint);
  t.deepEqual(same, asked);
  t.deepEqual(theirs?.slice(0, 1), ['-1 at 15']);
});
