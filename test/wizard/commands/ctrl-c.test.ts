import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { freePorts } from '../../ports.js';
import { appliedCluster } from '../run/cluster.js';

test('Ctrl-C ends what is under way with 130 and says how to go on; the same command does', async (t) => {
  t.timeout(180_000);
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const ports = await freePorts(2);
  const commands: readonly (readonly [words: readonly string[], code: number])[] = [
    [['doctor'], 0],
    [['user', 'add', 'ann', '--role', 'writer'], 0],
    [['member', 'add', 'm2', `127.0.0.1:${ports.join(',')}`], 0],
    [['cert', 'rotate-ca'], 2],
    [['cert', 'rotate-ca', '--finish'], 0],
    [['member', 'remove', 'm2', '--yes'], 0],
    [['snapshot', 'save', cluster.at('backup.db'), '--force'], 0],
  ];
  let cancelled = 0;
  for (const [words, code] of commands) {
    const what = words.join(' ');
    for (const ms of [600, 1100]) {
      const running = cluster.start(words);
      await Promise.race([delay(ms), running.ended]);
      running.kill('SIGINT');
      const { code: ended, stderr } = await running.ended;
      t.notRegex(stderr, /mistake in quorate itself|Node\.js v/, what);
      // Null: it had not come so far as to listen to signals.
      if (ended === null || ended === code) continue;
      t.is(ended, 130, `${what}: ${stderr}`);
      t.regex(stderr, /hint: the same command goes on/, what);
      cancelled += 1;
    }
    const whole = await cluster.run(words);
    t.is(whole.code, code, `${what}: ${whole.stderr}`);
  }
  t.true(cancelled > 2, `${cancelled} cancelled`);
  const found = await cluster.run(['doctor']);
  t.regex(found.stderr, /^(nothing is wrong|0 errors, .*)$/m, found.stdout);
});
