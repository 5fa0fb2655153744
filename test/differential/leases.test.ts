import { judge } from '../judges.js';
import { leaseCommand } from './lease-commands.js';
import { askLeases, forgetLeases } from './leases.js';
import { isAsked } from './not-asked.js';
import { checkSequences } from './property.js';
import { age, Sequence } from './sequence.js';
import { startBoth } from './servers.js';

// conformance: Lease.LeaseGrant{*} Lease.LeaseRevoke{*} Lease.LeaseTimeToLive{*} Lease.LeaseLeases
// conformance: Lease.LeaseKeepAlive{*}
judge('etcd').test('random commands on leases and their keys come to the same on ours and on etcd', async (t) => {
  const both = await startBoth(t);
  await age(both);
  await checkSequences(t, leaseCommand, async (commands) => {
    await Promise.all([forgetLeases(both.theirs), forgetLeases(both.ours)]);
    const sequence = new Sequence(both);
    await sequence.begin();
    for (const command of commands.filter(isAsked)) await sequence.step(command, askLeases);
  });
});
