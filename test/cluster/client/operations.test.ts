import test from 'ava';
import { everything, keysWithPrefix } from '../../../cluster/client/operations.js';

const ranges: readonly (readonly [prefix: number[], end: number[]])[] = [
  [[0x61], [0x62]],
  [[0x61, 0xff], [0x62]],
  [[0xff, 0xff], [0]],
];

for (const [prefix, end] of ranges) {
  test(`the keys with prefix ${Buffer.from(prefix).toString('hex')} end before ${Buffer.from(end).toString('hex')}`, (t) => {
    const key = Buffer.from(prefix);
    t.deepEqual(keysWithPrefix(key), { key, end: Uint8Array.from(end) });
    t.deepEqual([...key], prefix);
  });
}

test('the keys with an empty prefix are all', (t) => {
  t.deepEqual(keysWithPrefix(''), everything);
});
