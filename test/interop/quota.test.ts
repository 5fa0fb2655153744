import { judge } from '../judges.js';
import { Comparison } from './comparison.js';

// One member of each engine, whose stores may grow to 16 MiB.

const comparison = new Comparison(judge('etcd', 'etcdctl'), 1);

comparison.same('both engines take the quota from the environment', async (cluster) => {
  await cluster.kill(['m1']);
  await cluster.startMember('m1', { ETCD_QUOTA_BACKEND_BYTES: String(16 << 20) });
  return (await cluster.shell('root', 'until etcdctl endpoint health >/dev/null 2>&1; do sleep 0.05; done')).code;
});
comparison.story('quota');
