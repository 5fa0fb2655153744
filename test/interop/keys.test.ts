import { judge } from '../judges.js';
import { Comparison } from './comparison.js';
import { nestedAnswers } from './nested-txn.js';

// One member of each engine.

const comparison = new Comparison(judge('etcd', 'etcdctl', 'curl'), 1);

for (const story of ['put-and-get', 'delete', 'txn', 'compaction', 'bytes', 'members', 'snapshots', 'strangers']) {
  comparison.story(story);
}

comparison.same('transactions inside transactions come to the same as with etcd', nestedAnswers);
