// Signs in a thread of its own: the library takes 130 ms to load and a millisecond or two for a certificate, in which keys
// are made, files written and progress shown on another processor.
import { Worker } from 'node:worker_threads';
import type { jobs } from './signing/jobs.js';
import type { Done, Job } from './signing/thread.js';
import { isOnToken } from './token/key.js';

type Jobs = typeof jobs;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

const waiting = new Map<number, Waiting>();
let thread: Worker | undefined;
let number = 0;

/** Has a job done: what it gives and throws is what the job of this name in signing/jobs.ts does. */
export function sign<Name extends keyof Jobs>(name: Name, ...args: Parameters<Jobs[Name]>): ReturnType<Jobs[Name]> {
  // A key on a token is this thread's: its session can't go to another one.
  if (args.some(isTokens)) return here(name, args) as ReturnType<Jobs[Name]>;
  thread ??= openThread();
  number += 1;
  const job: Job = { number, name, args };
  const result = new Promise((resolve, reject) => waiting.set(job.number, { resolve, reject }));
  // The process lives on for as long as somebody waits.
  thread.ref();
  thread.postMessage(job);
  return result as ReturnType<Jobs[Name]>;
}

const isTokens = (arg: unknown): boolean =>
  typeof arg === 'object' && arg !== null && 'key' in arg && isOnToken(arg.key);

async function here(name: keyof Jobs, args: readonly unknown[]): Promise<unknown> {
  const { jobs } = await import('./signing/jobs.js');
  const work = jobs[name] as (...given: readonly unknown[]) => Promise<unknown>;
  return work(...args);
}

function openThread(): Worker {
  const worker = new Worker(new URL('./signing/thread.js', import.meta.url));
  worker.on('message', (done: Done) => {
    const asked = waiting.get(done.number);
    waiting.delete(done.number);
    if (waiting.size === 0) worker.unref();
    if ('error' in done) asked?.reject(done.error);
    else asked?.resolve(done.result);
  });
  worker.on('error', (error) => {
    thread = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  return worker;
}
