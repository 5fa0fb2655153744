import test from 'ava';
import type { Clock } from '../../../cluster/clock.js';
import { ClusterError } from '../../../cluster/errors.js';
import { silentLogger } from '../../../cluster/logger.js';
import { AutoCompaction, type Retention } from '../../../cluster/maintenance/auto-compaction.js';
import { type Revision, revision } from '../../../cluster/numbers.js';

const minute = 60_000;

/** A store that gains a revision a minute, and time that passes when told to. */
class Rig {
  minutes = 0;
  leads = true;
  refusal: ClusterError | undefined;
  /** "at minute: to revision" */
  readonly compactions: string[] = [];
  #timers: { readonly everyMs: number; readonly callback: () => void; dueMs: number }[] = [];
  readonly #compaction: AutoCompaction;

  constructor(retention: Retention) {
    const clock: Pick<Clock, 'now' | 'every'> = {
      now: () => this.minutes * minute,
      every: (everyMs, callback) => {
        this.#timers.push({ everyMs, callback, dueMs: everyMs });
        return () => {
          this.#timers = [];
        };
      },
    };
    this.#compaction = new AutoCompaction(retention, {
      clock: clock as Clock,
      logger: silentLogger,
      revision: () => revision(1000 + this.minutes),
      leads: () => this.leads,
      compact: async (to: Revision) => {
        this.compactions.push(`${this.minutes}: ${to}`);
        if (this.refusal !== undefined) throw this.refusal;
      },
    });
    this.#compaction.start();
  }

  async pass(minutes: number): Promise<void> {
    for (let n = 0; n < minutes; n++) {
      this.minutes += 1;
      for (const timer of this.#timers) {
        if (timer.dueMs > this.minutes * minute) continue;
        timer.dueMs += timer.everyMs;
        timer.callback();
        await new Promise(setImmediate);
      }
    }
  }

  stop(): void {
    this.#compaction.stop();
  }
}

const hours = (count: number): Retention => ({ kind: 'periodic', retentionMs: count * 60 * minute });

test('by time, nothing goes before the first period is over, and then once a period what is older', async (t) => {
  const rig = new Rig(hours(1));
  await rig.pass(200);
  t.deepEqual(rig.compactions, ['60: 1000', '120: 1054', '180: 1114']);
});

test('more than an hour of history is trimmed every hour', async (t) => {
  const rig = new Rig(hours(3));
  await rig.pass(310);
  t.deepEqual(rig.compactions, ['180: 1000', '240: 1054', '300: 1114']);
});

test('less than an hour of history is trimmed as often as it lasts', async (t) => {
  const rig = new Rig({ kind: 'periodic', retentionMs: 10 * minute });
  await rig.pass(31);
  t.deepEqual(rig.compactions, ['10: 1000', '20: 1009', '30: 1019']);
});

test('by number, what is older than that many revisions goes every five minutes', async (t) => {
  const rig = new Rig({ kind: 'revision', retainedRevisions: 1002 });
  await rig.pass(11);
  t.deepEqual(rig.compactions, ['5: 3', '10: 8']);
  const young = new Rig({ kind: 'revision', retainedRevisions: 2000 });
  await young.pass(20);
  t.deepEqual(young.compactions, [], 'there are not that many');
});

test('only the leader compacts, and a new one goes on without a wait of its own', async (t) => {
  const rig = new Rig(hours(1));
  rig.leads = false;
  await rig.pass(150);
  t.deepEqual(rig.compactions, []);
  rig.leads = true;
  await rig.pass(6);
  t.deepEqual(rig.compactions, ['156: 1090']);
});

test('a failed compaction is tried again after a tenth of the period, one that was done already is not', async (t) => {
  const rig = new Rig(hours(1));
  rig.refusal = new ClusterError('timeout', 'no answer');
  await rig.pass(66);
  t.deepEqual(rig.compactions, ['60: 1000', '66: 1000']);
  rig.refusal = new ClusterError('compacted', 'done');
  await rig.pass(70);
  t.deepEqual(rig.compactions.slice(2), ['72: 1006', '132: 1066']);
});

test('once stopped it does nothing', async (t) => {
  const rig = new Rig(hours(1));
  rig.stop();
  await rig.pass(100);
  t.deepEqual(rig.compactions, []);
});
