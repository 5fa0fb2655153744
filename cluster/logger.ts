// Structured logs: one line an event, etcd's field names where they exist.

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

const asJson = (fields: LogFields): string => JSON.stringify(fields, (_, value) => asText(value));

/** How an event becomes a line. Ids are written in hexadecimal, errors as their message. */
export type LineFormat = (level: LogLevel, time: Date, message: string, fields: LogFields) => string;

/** `{"level":"info","ts":"…","msg":"…",…}` */
export const jsonLine: LineFormat = (level, time, message, fields) =>
  asJson({ level, ts: time.toISOString(), msg: message, ...fields });

/** Time, level, message and fields, with tabs between: zap's form for people. */
export const consoleLine: LineFormat = (level, time, message, fields) => {
  const rest = Object.keys(fields).length === 0 ? [] : [asJson(fields)];
  // No event takes more than its line, whatever came from outside.
  return [time.toISOString(), level, JSON.stringify(message).slice(1, -1), ...rest].join('\t');
};

/** `write` takes a whole line. */
export function jsonLogger(
  write: (line: string) => void,
  level: LogLevel = 'info',
  now: () => Date = () => new Date(),
  format: LineFormat = jsonLine,
): Logger {
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (severity[own] >= severity[level]) write(`${format(own, now(), message, fields)}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
