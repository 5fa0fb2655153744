import test from 'ava';
import { textDiff } from '../../../wizard/steps/text-diff.js';

test('what differs is shown with a line around it, and nothing where nothing does', (t) => {
  t.deepEqual(textDiff('a\nb\nc\nd\ne\n', 'a\nb\nC\nd\ne\n'), ['@@ -2,3 +2,3 @@', ' b', '-c', '+C', ' d']);
  t.deepEqual(textDiff('a\n', 'a\n'), []);
});

for (const [what, text, hidden] of [
  ['a password in a settings file', 'export ETCDCTL_PASSWORD=hunter2\n', 'hunter2'],
  ['a password in YAML', 'password: hunter2\n', 'hunter2'],
  ['a token', 'API_TOKEN = "hunter2"\n', 'hunter2'],
  ['a private key', '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n', 'MHcCAQEE'],
  ['a private key that ends nowhere', 'x\n-----BEGIN PRIVATE KEY-----\nMHcCAQEE\n', 'MHcCAQEE'],
] as const) {
  test(`${what} is not shown`, (t) => {
    const lines = [...textDiff(`${text}one\n`, 'one\n'), ...textDiff('one\n', `${text}one\n`)].join('\n');
    t.regex(lines, /not shown/);
    t.false(lines.includes(hidden));
  });
}

test('the token that a cluster is known by is no secret', (t) =>
  t.true(textDiff('ETCD_INITIAL_CLUSTER_TOKEN=a\n', '').includes('-ETCD_INITIAL_CLUSTER_TOKEN=a')));

test('a terminal obeys nothing that a file says', (t) =>
  t.deepEqual(textDiff('', '\u001b[2J\u202eab\tc\n'), ['@@ -1,0 +1,1 @@', '+\\u{1b}[2J\\u{202e}ab\tc']));

test('two long texts that have nothing in common take no time', (t) => {
  const lines = (letter: string): string => Array.from({ length: 50_000 }, (_, n) => `${letter}${n}\n`).join('');
  t.deepEqual(textDiff(lines('a'), lines('b')), []);
});
