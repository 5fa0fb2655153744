import fc from 'fast-check';

type ValueOf<A> = A extends fc.Arbitrary<infer Value> ? Value : never;

// What can be asked of keys, as data: revisions are counted from the latest of the moment.

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const rarely = <T>(usual: T, rare: T) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(rare) });

const names = ['a', 'a\0', 'aa', 'ab', 'b', 'c', '\xff', '\0'];
const key = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...names).map(bytes) },
  { weight: 1, arbitrary: fc.constant(bytes('')) },
);
const rangeEnd = fc.oneof(
  { weight: 5, arbitrary: fc.constant(bytes('')) },
  { weight: 3, arbitrary: fc.constantFrom('b', 'c', 'd', '\xff', 'aa').map(bytes) },
  { weight: 2, arbitrary: fc.constant(bytes('\0')) },
);
const value = fc.constantFrom('', 'x', 'y', 'z').map(bytes);
/** 0: as it is; else the latest plus or minus some. */
const offset = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.integer({ min: -12, max: 1 }) },
);
const bound = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.integer({ min: -12, max: 0 }) },
);
const lease = fc.oneof(
  { weight: 14, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(77) },
  { weight: 2, arbitrary: fc.constantFrom(101, 102) },
);

export const range = fc.record({
  kind: fc.constant('range' as const),
  key,
  rangeEnd,
  limit: fc.constantFrom(0, 0, 1, 2, 3),
  revision: offset,
  sortOrder: fc.constantFrom(0, 0, 1, 2),
  sortTarget: fc.constantFrom(0, 0, 1, 2, 3, 4),
  serializable: fc.boolean(),
  keysOnly: rarely(false, true),
  countOnly: rarely(false, true),
  minModRevision: bound,
  maxModRevision: bound,
  minCreateRevision: bound,
  maxCreateRevision: bound,
});
export const put = fc.record({
  kind: fc.constant('put' as const),
  key,
  value,
  lease,
  prevKv: fc.boolean(),
  ignoreValue: rarely(false, true),
  ignoreLease: rarely(false, true),
});
export const deleteRange = fc.record({
  kind: fc.constant('deleteRange' as const),
  key,
  rangeEnd,
  prevKv: fc.boolean(),
});

const against = fc.oneof(
  fc.record({ target: fc.constant(0), version: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ target: fc.constant(1), createRevision: bound }),
  fc.record({ target: fc.constant(2), modRevision: bound }),
  fc.record({ target: fc.constant(3), value }),
  fc.record({ target: fc.constant(4), lease }),
);
export const compare = fc.record({ key, rangeEnd, result: fc.constantFrom(0, 1, 2, 3), against });

export type RangeCommand = ValueOf<typeof range>;
export type PutCommand = ValueOf<typeof put>;
export type DeleteCommand = ValueOf<typeof deleteRange>;
export type CompareCommand = ValueOf<typeof compare>;
export interface TxnCommand {
  readonly kind: 'txn';
  readonly compare: readonly CompareCommand[];
  readonly success: readonly OperationCommand[];
  readonly failure: readonly OperationCommand[];
}
export type OperationCommand = RangeCommand | PutCommand | DeleteCommand | TxnCommand;

const { txn } = fc.letrec<{ txn: TxnCommand; operation: OperationCommand }>((tie) => ({
  operation: fc.oneof({ depthSize: 'small', withCrossShrink: true }, range, put, deleteRange, tie('txn')),
  txn: fc.record({
    kind: fc.constant('txn' as const),
    compare: fc.array(compare, { maxLength: 2 }),
    success: fc.array(tie('operation'), { maxLength: 3 }),
    failure: fc.array(tie('operation'), { maxLength: 2 }),
  }),
}));

export { txn };

export const compact = fc.record({
  kind: fc.constant('compact' as const),
  revision: fc.integer({ min: -8, max: 1 }),
  physical: fc.boolean(),
});
export type CompactCommand = ValueOf<typeof compact>;

export type KeyCommand = OperationCommand | CompactCommand;
export const keyCommand: fc.Arbitrary<KeyCommand> = fc.oneof(
  { weight: 6, arbitrary: range },
  { weight: 8, arbitrary: put },
  { weight: 3, arbitrary: deleteRange },
  { weight: 5, arbitrary: txn },
  { weight: 1, arbitrary: compact },
);
