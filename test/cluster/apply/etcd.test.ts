import { connect } from '../../../cluster/client/client.js';
import { ClusterCalls } from '../../../cluster/client/cluster-calls.js';
import { ClusterError } from '../../../cluster/errors.js';
import type { DeleteRange, Put, Txn } from '../../../cluster/operations/kv.js';
import { deleteRangeMessage, putMessage, txnMessage } from '../../../cluster/wire/requests.js';
import { kvMethods } from '../../../cluster/wire/services.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { carryOut, password } from '../auth/real-etcd.js';
import { annsGrants, grants } from './grants.js';

function attempt(calls: ClusterCalls, action: Put | DeleteRange | Txn): Promise<unknown> {
  if (action.kind === 'put') return calls.anywhere(kvMethods.put, putMessage(action), 'once');
  if (action.kind === 'txn') return calls.anywhere(kvMethods.txn, txnMessage(action), 'once');
  return calls.anywhere(kvMethods.deleteRange, deleteRangeMessage(action), 'once');
}

judge('etcd').test('a real etcd allows and denies the same operations on keys as we do', async (t) => {
  const { endpoint } = await startEtcd(t);
  const client = connect({ endpoints: [endpoint] });
  t.teardown(() => client.close());
  for (const operation of annsGrants) await carryOut(client, operation);
  const calls = new ClusterCalls([endpoint], undefined, await client.auth.authenticate('ann', password));
  t.teardown(() => calls.close());
  for (const { title, action, expected } of grants) {
    const verdict = await attempt(calls, action).then(
      () => 'allowed',
      (error: unknown) => (error instanceof ClusterError ? error.code : error),
    );
    t.is(verdict, expected, title);
  }
});
