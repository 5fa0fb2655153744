import { readFileSync } from 'node:fs';

/** A soft limit of this process, by the kernel's name for it: `Max open files`. Undefined where there is none, or nothing tells. */
export function processLimit(name: string): number | undefined {
  try {
    const [, soft] = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
