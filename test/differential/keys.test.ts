import { judge } from '../judges.js';
import { keyCommand } from './key-commands.js';
import { askKeys } from './keys.js';
import { isAsked } from './not-asked.js';
import { checkSequences } from './property.js';
import { age, Sequence } from './sequence.js';
import { startBoth } from './servers.js';

// conformance: KV.Range{*} KV.Put{*} KV.DeleteRange{*} KV.Txn{*} KV.Compact{*}
judge('etcd').test('random commands on keys come to the same on ours and on etcd', async (t) => {
  const both = await startBoth(t);
  await age(both);
  await checkSequences(t, keyCommand, async (commands) => {
    const sequence = new Sequence(both);
    await sequence.begin();
    for (const command of commands.filter(isAsked)) await sequence.step(command, askKeys);
  });
});
