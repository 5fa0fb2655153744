import type { LogFields, Logger } from '../../../cluster/logger.js';

/** Waits for a condition, with a deadline. Gives what the condition gave. */
export async function eventually<Value>(
  what: string,
  condition: () => Value,
  deadlineMs = 10_000,
): Promise<Exclude<Value, undefined>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = condition();
    if (value) return value as Exclude<Value, undefined>;
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that remembers. */
export function recordingLogger(): Logger & { readonly lines: Line[]; warnings(): readonly string[] } {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields });
  const warnings = (): readonly string[] =>
    lines
      .filter(({ level }) => level === 'warn')
      .map(({ message, fields }) => `${message}${'reason' in fields ? `: ${String(fields.reason)}` : ''}`);
  return { lines, warnings, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
