import type { LogFields, Logger } from '../logger.js';

interface Said {
  readonly until: number;
  suppressed: number;
}

const keysMax = 1000;

/** Warns of what strangers can cause as often as they like: each thing once an interval, with how often it was left out. */
export class OccasionalLog {
  readonly #logger: Logger;
  readonly #intervalMs: number;
  readonly #now: () => number;
  readonly #said = new Map<string, Said>();

  constructor(logger: Logger, intervalMs = 10_000, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  warn(message: string, fields: LogFields, key = keyOf(message, fields)): void {
    this.#say('warn', message, fields, key);
  }

  error(message: string, fields: LogFields, key = keyOf(message, fields)): void {
    this.#say('error', message, fields, key);
  }

  #say(level: 'warn' | 'error', message: string, fields: LogFields, key: string): void {
    const now = this.#now();
    const said = this.#said.get(key);
    if (said !== undefined && now < said.until) {
      said.suppressed++;
      return;
    }
    if (this.#said.size >= keysMax) this.#said.clear();
    this.#said.set(key, { until: now + this.#intervalMs, suppressed: 0 });
    this.#logger[level](message, said?.suppressed ? { ...fields, suppressed: said.suppressed } : fields);
  }
}

const keyOf = (message: string, fields: LogFields): string => `${message} ${JSON.stringify(fields, bigintAsText)}`;
const bigintAsText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
