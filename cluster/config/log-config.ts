import type { LogLevel } from '../logger.js';
import { refuse } from './flag-texts.js';
import type { FlagValues } from './flags.js';

/** When a log file is put aside and a new one begun; 0 is no limit. */
export interface LogRotation {
  readonly megabytesMax: number;
  readonly daysMax: number;
  readonly filesMax: number;
  readonly localTime: boolean;
  readonly compress: boolean;
}

export interface LogConfig {
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'console';
  /** `stderr`, `stdout`, or paths of files. */
  readonly logOutputs: readonly string[];
  readonly logRotation: LogRotation | undefined;
}

/** @throws ClusterError flag-refused for a rotation that can't be read */
export function logConfig(values: FlagValues): LogConfig {
  return {
    logLevel: logLevel(values['log-level']),
    logFormat: values['log-format'],
    logOutputs: logOutputs(values['log-outputs']),
    logRotation: values['enable-log-rotation'] ? parseLogRotation(values['log-rotation-config-json']) : undefined,
  };
}

// Zap's two highest levels end the process after writing; for a filter they are errors.
const logLevel = (given: FlagValues['log-level']): LogLevel =>
  given === 'panic' || given === 'fatal' ? 'error' : given;

// journald takes down what a unit writes to stderr, so both of etcd's names for it are stderr here.
const logOutputs = (given: readonly string[]): readonly string[] => [
  ...new Set(given.map((place) => (place === 'default' || place === 'systemd/journal' ? 'stderr' : place))),
];

/** @throws ClusterError flag-refused */
export function parseLogRotation(json: string): LogRotation {
  const fields = parseObject(json);
  const amount = (name: string, standard: number): number => {
    const value = fields[name] ?? standard;
    return typeof value === 'number' && Number.isInteger(value) && value >= 0
      ? value
      : refuse(`invalid log rotation config: ${name} is no whole number of 0 or more`);
  };
  const choice = (name: string): boolean => {
    const value = fields[name] ?? false;
    return typeof value === 'boolean'
      ? value
      : refuse(`invalid log rotation config: ${name} is neither true nor false`);
  };
  return {
    // As in etcd's rotation (lumberjack), 0 stands for its usual size.
    megabytesMax: amount('maxsize', 0) || 100,
    daysMax: amount('maxage', 0),
    filesMax: amount('maxbackups', 0),
    localTime: choice('localtime'),
    compress: choice('compress'),
  };
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  return refuse('improperly formatted log rotation config', 'it is a JSON object: {"maxsize": 100, "maxbackups": 5}');
}
