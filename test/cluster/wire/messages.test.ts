import test from 'ava';
import Long from 'long';
import type { Type } from 'protobufjs';
import type { Writer } from 'protobufjs/minimal.js';
import '../../../cluster/wire/method.js';
import * as generated from '../../../cluster/wire/generated/messages.js';
import { etcd3Protos, messagesOf } from './protos.js';
import { samplesOf } from './samples.js';

interface Codec {
  encode(shape: object): Writer;
  decode(bytes: Uint8Array): object;
}

/** Ours, by the name in their description. */
function codecOf(type: Type): Codec | undefined {
  const found = type.fullName
    .slice(1)
    .split('.')
    .reduce<unknown>((space, name) => (space as Record<string, unknown> | undefined)?.[name], generated);
  return found as Codec | undefined;
}

// Lease checkpoints are said between etcd's own members only.
const theirs = messagesOf(etcd3Protos).filter(({ name }) => !name.startsWith('LeaseCheckpoint'));

test('every message of the npm client etcd3 is among ours', (t) => {
  t.deepEqual(
    theirs.filter((type) => codecOf(type) === undefined).map(({ name }) => name),
    [],
  );
  t.true(theirs.length > 90);
});

for (const type of theirs) {
  test(`${type.fullName.slice(1)} with every field set reads the same in etcd3's description, and back`, (t) => {
    const ours = codecOf(type);
    if (ours === undefined) return t.fail('not among ours');
    for (const sample of samplesOf(type)) {
      const bytes = ours.encode(sample).finish();
      t.deepEqual(type.toObject(type.decode(bytes)), type.toObject(type.fromObject(sample)));
      t.deepEqual(ours.encode(ours.decode(type.encode(sample).finish())).finish(), bytes);
    }
  });
}

const { etcdserverpb, authpb } = generated;
const text = (value: string): string => Buffer.from(value).toString('hex');

// Fields newer than etcd3's description: their bytes, written by hand from the field numbers.
const newer: readonly (readonly [what: string, bytes: Uint8Array, hex: string])[] = [
  [
    'storageVersion of Status',
    etcdserverpb.StatusResponse.encode({ storageVersion: '3.6' }).finish(),
    `5a03${text('3.6')}`,
  ],
  ['dbSizeQuota of Status', etcdserverpb.StatusResponse.encode({ dbSizeQuota: 3 }).finish(), '6003'],
  [
    'downgradeInfo of Status',
    etcdserverpb.StatusResponse.encode({ downgradeInfo: { enabled: true, targetVersion: '3.5' } }).finish(),
    `6a0708011203${text('3.5')}`,
  ],
  ['linearizable of MemberList', etcdserverpb.MemberListRequest.encode({ linearizable: true }).finish(), '0801'],
  ['hashedPassword of UserAdd', etcdserverpb.AuthUserAddRequest.encode({ hashedPassword: 'x' }).finish(), '220178'],
  [
    'hashedPassword of UserChangePassword',
    etcdserverpb.AuthUserChangePasswordRequest.encode({ hashedPassword: 'x' }).finish(),
    '1a0178',
  ],
  [
    'authRevision of AuthStatus',
    etcdserverpb.AuthStatusResponse.encode({ enabled: true, authRevision: 7 }).finish(),
    '10011807',
  ],
  ['hash_revision of HashKV', etcdserverpb.HashKVResponse.encode({ hashRevision: 5 }).finish(), '2005'],
  ['version of Snapshot', etcdserverpb.SnapshotResponse.encode({ version: 'v' }).finish(), '220176'],
  ['no_password of a user', authpb.User.encode({ options: { noPassword: true } }).finish(), '22020801'],
];

for (const [what, bytes, hex] of newer) {
  test(`${what} stands where etcd has it`, (t) => {
    t.is(Buffer.from(bytes).toString('hex'), hex);
  });
}

test('64-bit fields come out as Long with every bit, and empty messages with defaults', (t) => {
  const id = Long.fromString('18446744073709551615', true);
  const { memberId, revision } = etcdserverpb.ResponseHeader.decode(
    etcdserverpb.ResponseHeader.encode({ memberId: id, revision: 9007199254740991 }).finish(),
  );
  t.deepEqual([memberId, String(revision)], [id, '9007199254740991']);
  t.deepEqual(String(etcdserverpb.PutRequest.decode(new Uint8Array()).lease), '0');
});

test('transactions within one another are read as deep as etcd carries them out, and deeper than it allows', (t) => {
  const nested = (depth: number): Buffer => {
    let bytes: Buffer = Buffer.alloc(0);
    for (let level = 0; level < depth; level++) bytes = field(0x12, field(0x22, bytes));
    return bytes;
  };
  for (const depth of [1, 128, 1_000]) t.notThrows(() => generated.etcdserverpb.TxnRequest.decode(nested(depth)));
  t.throws(() => generated.etcdserverpb.TxnRequest.decode(nested(3_000)), { message: 'max depth exceeded' });
});

/** A message's field that holds bytes. */
function field(tag: number, bytes: Buffer): Buffer {
  const length: number[] = [];
  for (let left = bytes.length; ; left >>>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left);
    if (left <= 127) break;
  }
  return Buffer.concat([Buffer.of(tag, ...length), bytes]);
}
