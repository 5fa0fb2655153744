import test from 'ava';
import { consoleLine, jsonLogger } from '../../cluster/logger.js';

test('a log line is JSON with the level, the time, the message and the fields; ids are hexadecimal', (t) => {
  const lines: string[] = [];
  const logger = jsonLogger(
    (line) => lines.push(line),
    'info',
    () => new Date(0),
  );
  logger.debug('too fine');
  logger.warn('refused', { member: 255n, error: new Error('no') });
  t.deepEqual(lines, ['{"level":"warn","ts":"1970-01-01T00:00:00.000Z","msg":"refused","member":"ff","error":"no"}\n']);
});

test('for people a line has the time, the level, the message and the fields between tabs, and never takes two', (t) => {
  const line = consoleLine('warn', new Date(0), 'refused\n"x"', { member: 255n });
  t.is(line, '1970-01-01T00:00:00.000Z\twarn\trefused\\n\\"x\\"\t{"member":"ff"}');
  t.is(consoleLine('info', new Date(0), 'ready', {}), '1970-01-01T00:00:00.000Z\tinfo\tready');
});
