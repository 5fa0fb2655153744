import test, { type ExecutionContext } from 'ava';
import type { Judge } from '../judges.js';
import { comparable } from './answers.js';
import { LocalCluster } from './local-cluster.js';
import { readStory, type Step } from './stories.js';

/** What is said when a command is wrong in itself: the story would compare nothing. */
const misunderstood = /^stderr: sh: .*not found|unknown (command|flag|shorthand)|syntax error|panic:/m;

/** Two clusters of the same plan, ours and a real etcd's, for as long as the file's tests run. */
export class Comparison {
  #clusters: Promise<readonly [theirs: LocalCluster, ours: LocalCluster]> | undefined;
  readonly #judge: Judge;

  constructor(judge: Judge, count: number) {
    this.#judge = judge;
    if (!judge.present) return;
    test.before(`${count} of each engine come up`, async (t) => {
      t.timeout(120_000);
      this.#clusters = Promise.all([LocalCluster.start('etcd', count), LocalCluster.start('included', count)]);
      await this.#clusters;
    });
    test.after.always(`${count} of each engine go down`, async () => {
      for (const cluster of await (this.#clusters ?? [])) await cluster.stop();
    });
  }

  /** Tests that every command of the story comes to the same with both. Stories go on where the one before ended. */
  story(name: string): void {
    const { title, steps } = readStory(name);
    this.#judge.serial(title, async (t) => {
      t.timeout(120_000);
      const differing: Record<string, unknown> = {};
      for (const step of steps) {
        const [expected, got] = await this.#answers(t, step);
        if (expected.join('\n') !== got.join('\n')) differing[`${step.user}$ ${step.command}`] = { expected, got };
      }
      t.deepEqual(differing, {});
    });
  }

  /** Tests that asking comes to the same with both. */
  same(title: string, ask: (cluster: LocalCluster) => Promise<unknown>): void {
    this.#judge.serial(title, async (t) => {
      const [theirs, ours] = await Promise.all((await this.#both()).map(ask));
      t.deepEqual(ours, theirs);
    });
  }

  async #both(): Promise<readonly [theirs: LocalCluster, ours: LocalCluster]> {
    const clusters = await this.#clusters;
    if (clusters === undefined) throw new Error('the clusters did not start');
    return clusters;
  }

  async #answers(t: ExecutionContext, { user, command, ours }: Step) {
    const both = await this.#both();
    const [theirs = [], got = []] = await Promise.all(
      both.map(async (cluster) => {
        const [other = cluster] = both.filter((each) => each !== cluster);
        return comparable(cluster, await cluster.shell(user, command, { STRANGERS: other.kits }));
      }),
    );
    t.notRegex(theirs.join('\n'), misunderstood, command);
    return [ours ?? theirs, got] as const;
  }
}
