import { ClusterCalls } from '../../cluster/client/cluster-calls.js';
import type { etcdserverpb } from '../../cluster/wire/generated/messages.js';
import { kvMethods } from '../../cluster/wire/services.js';
import type { LocalCluster } from './local-cluster.js';

// What etcdctl has no words for: transactions inside transactions, and compares of leases and of ranges.

type Operation = etcdserverpb.RequestOp.$Properties;
type Txn = etcdserverpb.TxnRequest.$Properties;

const get = (key: string): Operation => ({ requestRange: { key: Buffer.from(key) } });
const put = (key: string): Operation => ({ requestPut: { key: Buffer.from(key), value: Buffer.from('v') } });
const remove = (key: string): Operation => ({ requestDeleteRange: { key: Buffer.from(key), prevKv: true } });
const txn = (requestTxn: Txn): Operation => ({ requestTxn });
const key = Buffer.from('n/1');
const [equal, greater, less, notEqual] = [0, 1, 2, 3];
const [version, value, lease] = [0, 3, 4];
const found = { success: [get('n/1')], failure: [get('absent')] };

const transactions: readonly Txn[] = [
  { success: [get('n/1'), txn({ success: [get('n/1'), put('n/1'), get('n/1')] }), get('n/1'), txn({})] },
  { success: [remove('absent'), txn({ success: [put('n/2'), txn({ success: [get('n/2')] })] }), remove('n/1')] },
  { success: [txn({ success: [put('n/1')] }), txn({ success: [remove('n/2')] })] },
  { success: [txn({ success: [remove('absent')] }), get('n/1')] },
  // A compare looks at what was there before the whole transaction.
  { success: [put('n/3'), txn({ compare: [{ key: Buffer.from('n/3'), target: version, version: 0 }], ...found })] },
  ...[equal, greater, less, notEqual].map((result) => ({
    compare: [{ key, target: lease, result, lease: 0 }],
    ...found,
  })),
  ...[equal, notEqual].map((result) => ({
    compare: [{ key, rangeEnd: Buffer.from('n/9'), target: value, result, value: Buffer.from('v') }],
    ...found,
  })),
  { compare: [{ key: Buffer.from('q'), rangeEnd: Buffer.from('r'), target: version, version: 0 }], ...found },
  { compare: [{ key: Buffer.from('q'), rangeEnd: Buffer.from('r'), target: version, version: 1 }], ...found },
];

const plain = (name: string, content: unknown): unknown =>
  ['clusterId', 'memberId', 'raftTerm'].includes(name) ? undefined : content;

/** All answers as JSON, without what differs from cluster to cluster. */
export async function nestedAnswers(cluster: LocalCluster): Promise<readonly string[]> {
  const calls = new ClusterCalls(cluster.endpoints, cluster.tls('root'), undefined);
  try {
    const answers: string[] = [];
    for (const each of transactions) {
      answers.push(JSON.stringify(await calls.anywhere(kvMethods.txn, each, 'once'), plain));
    }
    return answers;
  } finally {
    calls.close();
  }
}
