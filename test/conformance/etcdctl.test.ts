import { execFileSync } from 'node:child_process';
import { judge } from '../judges.js';
import { testTexts } from './marks.js';

/** Of other stores, and of the program alone. */
const notOfTheStore = /^(migrate|completion|help|version)\b/;

/** Its own list of what it can do, as "lease grant". */
const subcommands = (): readonly string[] =>
  [...execFileSync('etcdctl', ['help'], { encoding: 'utf8' }).matchAll(/^\t([a-z][a-z- ]*[a-z])\t/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !notOfTheStore.test(name));

judge('etcdctl').test('every subcommand of etcdctl is typed in a test', (t) => {
  const texts = testTexts();
  const all = subcommands();
  t.true(all.length > 40, all.join());
  t.deepEqual(
    all.filter((name) => !texts.some((text) => text.includes(`etcdctl ${name}`))),
    [],
  );
});
