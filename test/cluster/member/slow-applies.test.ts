import test from 'ava';
import { encodeCommand } from '../../../cluster/apply/command.js';
import { type LogFields, silentLogger } from '../../../cluster/logger.js';
import { Measures } from '../../../cluster/measures.js';
import { slowApplies } from '../../../cluster/member/slow-applies.js';
import { index, leaseId, memberId, term } from '../../../cluster/numbers.js';
import type { Action } from '../../../cluster/operations/action.js';
import { actionText } from '../../../cluster/operations/describe.js';
import type { Put } from '../../../cluster/operations/kv.js';

const put: Put = {
  ...{ kind: 'put' as const, key: Buffer.from('a"\n'), value: Buffer.from('secret'), lease: leaseId(5n) },
  ...{ prevKv: false, ignoreValue: false, ignoreLease: false },
};

test('an entry that took too long is counted, and logged with what it was and without its value', (t) => {
  const said: [string, LogFields | undefined][] = [];
  const measures = new Measures();
  const note = slowApplies({ ...silentLogger, warn: (...line) => said.push(line as never) }, measures, 100);
  const data = encodeCommand({ proposal: { proposer: memberId(1n), sequence: 1 }, caller: undefined, action: put });
  for (const at of [1, 2]) note({ index: index(at), term: term(1), kind: 'command', data }, 123.4567);
  t.is(measures.slowApplies, 2);
  // Once a second: whoever is slow is so for many.
  t.is(said.length, 1);
  t.deepEqual(said[0], [
    'apply request took too long',
    {
      ...{ took: '123.457ms', 'expected-duration': '100ms', prefix: '' },
      request: String.raw`put:<key:"a\"\n" value_size:6 lease:5 >`,
    },
  ]);
});

test('no password, hash, token or value is in what is said of a request', (t) => {
  const actions: Action[] = [
    put,
    {
      kind: 'txn',
      compare: [{ key: Buffer.from('k'), result: 'equal', against: { target: 'value', value: Buffer.from('secret') } }],
      success: [put],
      failure: [],
    },
    { kind: 'user-add', user: 'ada', passwordHash: 'secret', noPassword: false },
    { kind: 'user-change-password', user: 'ada', passwordHash: 'secret', noPassword: false },
    { kind: 'authenticate', user: 'ada', token: 'secret' },
    {
      kind: 'bootstrap',
      access: { roles: [], users: [{ name: 'ada', roles: [], passwordHash: 'secret' }], enable: true },
    },
  ];
  for (const action of actions) t.false(actionText(action).includes('secret'), actionText(action));
  t.is(actionText({ kind: 'user-grant-role', user: 'ada', role: 'r' }), 'user-grant-role:<user:"ada" role:"r">');
});

test('a key that is no text is escaped, and a long one is cut', (t) => {
  const text = (key: Uint8Array) => actionText({ kind: 'delete-range', key, prevKv: false });
  t.is(text(Uint8Array.of(0x61, 0xff, 0x22)), String.raw`delete_range:<key:"a\xff\x22" >`);
  t.is(text(Buffer.alloc(1000, 'k')), `delete_range:<key:"${'k'.repeat(128)}"... (1000 bytes) >`);
});
