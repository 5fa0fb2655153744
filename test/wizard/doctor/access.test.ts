import { execFileSync } from 'node:child_process';
import test from 'ava';
import type { LedgerEntry } from '#pki';
import { bearerTroubles } from '../../../wizard/doctor/access.js';

const names = ['ok', 'a b', "it's", 'a\u001b[1m7', 'é\u202ex', '$(id)`id`\\', '%s%n', '-x\u0001'];

function* noCertificates(): Generator<LedgerEntry> {}

for (const name of names)
  test(`what takes ${JSON.stringify(name)} out of the store can be typed`, (t) => {
    const live = { roles: new Map(), users: new Map([[name, []]]) };
    const [found] = bearerTroubles(live, { select: noCertificates }, new Date());
    const [, words = ''] = /etcdctl user delete (.*)$/.exec(found?.next ?? '') ?? [];
    t.regex(words, /^[^\p{C}\u2028\u2029]+$/u);
    t.is(execFileSync('sh', ['-c', `printf %s ${words}`], { encoding: 'utf8' }), name);
  });
