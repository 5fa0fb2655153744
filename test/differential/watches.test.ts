import { setTimeout as delay } from 'node:timers/promises';
import { judge } from '../judges.js';
import { askKeys } from './keys.js';
import { isAsked } from './not-asked.js';
import { checkSequences } from './property.js';
import { age, Sequence } from './sequence.js';
import { startBoth } from './servers.js';
import { text } from './text.js';
import { type WatchCommand, watchCommand } from './watch-commands.js';
import { Watches } from './watches.js';

/** Compactions would race with watches that are still catching up. */
const withoutCompactions = (command: WatchCommand): boolean => command.kind !== 'compact';

const seenBy = ({ seen }: Watches): string => text([...seen].toSorted(([a], [b]) => a - b));

/** Watches catch up with the past at their server's leisure, a real etcd's every 100 ms. */
const catchUpMs = 130;

async function agreed(theirs: Watches, ours: Watches): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (seenBy(theirs) === seenBy(ours)) return true;
    await delay(25);
  }
  return false;
}

// conformance: Watch.Watch{create_request.key create_request.range_end create_request.start_revision create_request.prev_kv create_request.filters create_request.watch_id create_request.fragment cancel_request}
judge('etcd').test('watches at random see the same on ours and on etcd', async (t) => {
  const both = await startBoth(t);
  await age(both);
  await checkSequences(t, watchCommand, async (commands) => {
    const sequence = new Sequence(both);
    await sequence.begin();
    const watches = sequence.sides.map(({ server, base }) => new Watches(server, base));
    const [theirs, ours] = watches as [Watches, Watches];
    let mayCatchUp = false;
    try {
      for (const command of commands.filter(withoutCompactions)) {
        if (command.kind === 'watchCreate') {
          mayCatchUp ||= command.startRevision !== undefined;
          await Promise.all(sequence.sides.map(({ latest }, place) => watches[place]?.create(command, latest)));
        } else if (command.kind === 'watchCancel') {
          if (mayCatchUp) await delay(catchUpMs);
          mayCatchUp = false;
          await agreed(theirs, ours);
          await Promise.all(watches.map((each) => each.cancel(command)));
        } else if (isAsked(command)) await sequence.step(command, askKeys);
      }
      await Promise.all(watches.map((each) => each.settle()));
      if (!(await agreed(theirs, ours))) throw new Error(`theirs ${seenBy(theirs)}\nours   ${seenBy(ours)}`);
    } finally {
      for (const each of watches) each.close();
    }
  });
});
