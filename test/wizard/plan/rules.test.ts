import test from 'ava';
import { keyRange, prefixEnd } from '../../../wizard/plan/permissions.js';
import { localPorts } from '../../../wizard/plan/plan.js';
import {
  hostRule,
  imageRule,
  memberNameRule,
  portRule,
  type Rule,
  roleNameRule,
  userNameRule,
} from '../../../wizard/plan/rules.js';

const table = <T>(kind: string, rule: Rule<T>, fine: readonly T[], refused: readonly T[]): void => {
  for (const value of fine) {
    test(`${JSON.stringify(value)} will do as ${kind}`, (t) => t.is(rule(value), undefined));
  }
  for (const value of refused) {
    test(`${JSON.stringify(value).slice(0, 60)} is refused as ${kind}, with what is wrong`, (t) => {
      t.regex(rule(value)?.what ?? '', /\S/);
    });
  }
};

table(
  'a user name',
  userNameRule,
  ['app', 'root', 'ada.lovelace', 'ops@example.org', 'kube-apiserver-etcd-client', '_x', 'größe', 'x'.repeat(64)],
  [
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    '-x',
    '--help',
    '.hidden',
    'a b',
    'a\n',
    'a\0b',
    'a:b',
    '$(id)',
    '`id`',
    "a'b",
    'a"b',
    '*',
    'ca',
    'CA',
    'x'.repeat(65),
    '\u202eppa',
  ],
);
table(
  'a member name',
  memberNameRule,
  ['m1', 'store-1.example.org', 'M', 'x'.repeat(63)],
  [
    '',
    '.',
    '..',
    'a/b',
    'a_b',
    '-a',
    'a-',
    'a=b',
    'a,b',
    'a b',
    'a..b',
    'localhost',
    '10.0.0.1',
    'x'.repeat(64),
    'a\n',
  ],
);
table('a role name', roleNameRule, ['app-writer', 'may read /x', 'ü'], ['', 'root', 'a\nb', 'x'.repeat(129)]);
table(
  'a host',
  hostRule,
  ['10.0.0.1', '127.0.0.1', '::1', '2001:db8::1', 'localhost', 'etcd-1.example.org', 'm1'],
  [
    '',
    '0.0.0.0',
    '::',
    '0:0:0:0:0:0:0:0',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    '10.0.0.300',
    '10.1',
    '1',
    '[::1]',
    'fe80::1%eth0',
    'https://h',
    'h:2379',
    'a b',
    'a_b',
    '$(id)',
    '-x',
    'x'.repeat(64),
    'a,b',
    '*.example.org',
  ],
);
table('a port', portRule, [1, 2379, 65_535], [0, -1, 65_536, 1.5, Number.NaN]);
table(
  'an image',
  imageRule,
  ['registry.k8s.io/etcd:3.5.21-0', 'localhost/quorate:0.1.0', 'a@sha256:00'],
  ['', '-x', 'a b', 'a\nb'],
);

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

for (const [prefix, end] of [
  ['2f6170702f', '2f61707030'],
  ['61', '62'],
  ['61ff', '62'],
  ['61ffff', '62'],
  ['ff', '00'],
  ['ffff', '00'],
  ['00', '01'],
  ['', '00'],
] as const) {
  test(`the keys with prefix ${prefix || 'nothing'} end at ${end}`, (t) => {
    t.is(hex(prefixEnd(Buffer.from(prefix, 'hex'))), end);
  });
}

test('a permission on the empty prefix covers every key', (t) => {
  const { key, end } = keyRange({ access: 'read', prefix: '' });
  t.deepEqual([hex(key), hex(end)], ['00', '00']);
});

test('a permission on one key has no end, one to the end of all keys ends at zero', (t) => {
  t.is(keyRange({ access: 'read', key: 'a' }).end, undefined);
  t.is(hex(keyRange({ access: 'read', key: 'a', end: '\0' }).end), '00');
});

test("members on one machine get the ports of etcd's examples, and never two the same", (t) => {
  t.deepEqual(
    [0, 1, 2].map((index) => localPorts(index).clientPort),
    [2379, 22_379, 32_379],
  );
  const ports = Array.from({ length: 12 }, (_, index) => Object.values(localPorts(index))).flat();
  t.is(new Set(ports).size, ports.length);
  t.true(ports.every((port) => port < 65_536));
});
