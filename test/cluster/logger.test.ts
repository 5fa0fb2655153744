import test from 'ava';
import { jsonLogger } from '../../cluster/logger.js';

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
