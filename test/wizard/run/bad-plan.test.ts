import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '../apply/folder.js';
import { quorate } from '../commands/quorate.js';

const good = 'version: 1\ncluster: { name: demo }\nmembers: [{ name: m1, host: 127.0.0.1 }]\n';

/** Plans that can't be used, and what is said of each. */
const unusable: readonly (readonly [title: string, content: string | Uint8Array, said: RegExp])[] = [
  ['with a syntax error', 'version: 1\ncluster: { name: [\n', /quorate\.yaml:3:1: is not YAML: /],
  [
    'with an unknown field',
    good.replace('cluster:', 'clustre:'),
    /:2:1: clustre: is no field .*\nhint: did you mean cluster\?/,
  ],
  [
    'with values of wrong types',
    good.replace('demo', '7').replace('[{', '{ a: [{').replace('}]', '}] }'),
    /:2:12: cluster\.name: must be text, not 7\n/,
  ],
  ['that is empty', '', /:1:1: is empty\nhint: it needs version/],
  ['that is binary', Buffer.from([0, 1, 2, 0xff, 0xfe, 0x80]), /quorate\.yaml:1:\d+: /],
];

for (const [title, content, said] of unusable) {
  test(`a plan ${title} is refused with the place and the next step, and nothing is touched`, async (t) => {
    const dir = temporaryFolder(t);
    const path = join(dir, 'quorate.yaml');
    writeFileSync(path, content);
    const { code, stdout, stderr } = await quorate(['up', '--dir', dir]);
    t.deepEqual([code, stdout], [1, '']);
    t.regex(stderr, said);
    t.regex(stderr, /\nerror: \d+ mistakes? in .*quorate\.yaml\nhint: correct it there/);
    t.deepEqual(readdirSync(dir), ['quorate.yaml']);
    t.deepEqual(readFileSync(path), Buffer.from(content));
  });
}

test('a plan that is a folder is refused by every command that reads it', async (t) => {
  const dir = temporaryFolder(t);
  mkdirSync(join(dir, 'quorate.yaml'));
  for (const command of ['plan', 'init']) {
    const { code, stderr } = await quorate([command, '--dir', dir]);
    t.is(code, 1);
    t.regex(stderr, /^error: cannot read .*quorate\.yaml: it is a folder\nhint: /);
  }
  t.deepEqual(readdirSync(dir), ['quorate.yaml']);
  rmSync(join(dir, 'quorate.yaml'), { recursive: true });
});
