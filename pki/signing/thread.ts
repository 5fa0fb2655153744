// The signing thread: takes one job after the other, and answers each by its number.
import { parentPort } from 'node:worker_threads';
import { jobs } from './jobs.js';

export interface Job {
  readonly number: number;
  readonly name: keyof typeof jobs;
  readonly args: readonly unknown[];
}

export type Done = { readonly number: number } & ({ readonly result: unknown } | { readonly error: unknown });

parentPort?.on('message', async ({ number, name, args }: Job) => {
  const work = jobs[name] as (...given: readonly unknown[]) => Promise<unknown>;
  const done: Done = await work(...args).then(
    (result) => ({ number, result }),
    (error: unknown) => ({ number, error }),
  );
  parentPort?.postMessage(done);
});
