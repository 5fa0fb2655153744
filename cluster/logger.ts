// Structured logs: one JSON line an event, etcd's field names where they exist.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const severity: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

const asText = (value: unknown): unknown =>
  typeof value === 'bigint' ? BigInt.asUintN(64, value).toString(16) : value instanceof Error ? value.message : value;

/** `write` takes a whole line. Ids are written in hexadecimal, errors as their message. */
export function jsonLogger(
  write: (line: string) => void,
  level: LogLevel = 'info',
  now: () => Date = () => new Date(),
): Logger {
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (severity[own] < severity[level]) return;
      const line = { level: own, ts: now().toISOString(), msg: message, ...fields };
      write(`${JSON.stringify(line, (_, value) => asText(value))}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
