import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError, type EtcdClient } from '#cluster';
import type { LocalCluster } from './local-cluster.js';

const attemptMs = 3000;
const pauseMs = 50;

/** Clients that put one new key after the other, each again until it is acknowledged. */
export class Writers {
  /** Keys that a member said were put. */
  readonly acknowledged = new Set<string>();
  #stopping = false;
  readonly #work: Promise<unknown>;

  /**
   * @param prefix of the keys; a key's value is the key
   * @param clients connections of their own, each with `putsAtOnce` on their way
   */
  constructor(cluster: LocalCluster, prefix: string, clients: number, putsAtOnce = 1) {
    const loop = async (client: EtcdClient, name: string): Promise<void> => {
      for (let next = 0; !this.#stopping; next += 1) await this.#put(client, `${prefix}${name}/${next}`);
    };
    this.#work = Promise.all(
      Array.from({ length: clients }, (_, place) =>
        cluster.as('app', (client) =>
          Promise.all(Array.from({ length: putsAtOnce }, (_, each) => loop(client, `${place}/${each}`))),
        ),
      ),
    );
    // Whoever waits for progress is told by `stop`.
    this.#work.catch(() => undefined);
  }

  /** A put may have been carried out although its answer was lost; the same put again does no harm. */
  async #put(client: EtcdClient, key: string): Promise<void> {
    while (!this.#stopping) {
      try {
        await client.put(key, key, { timeoutMs: attemptMs });
        this.acknowledged.add(key);
        return;
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        await delay(pauseMs);
      }
    }
  }

  /** Resolves once so many more puts are acknowledged. @throws Error after 30 s */
  async progress(more: number): Promise<void> {
    const goal = this.acknowledged.size + more;
    const deadline = Date.now() + 30_000;
    while (this.acknowledged.size < goal) {
      if (Date.now() > deadline) {
        throw new Error(`${goal - this.acknowledged.size} of ${more} puts were not acknowledged within 30 s`);
      }
      await delay(10);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#work;
  }
}
