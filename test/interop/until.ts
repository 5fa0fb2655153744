import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once this holds. @throws Error after a minute, naming what did not come */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`within a minute it did not come to that: ${what}`);
    await delay(20);
  }
}
