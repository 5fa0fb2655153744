import fc from 'fast-check';
import { type KeyCommand, keyCommand } from './key-commands.js';

// Watches on one stream, as data, between changes of the keys that they are on.

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

const create = fc.record({
  kind: fc.constant('watchCreate' as const),
  key: fc.constantFrom('a', 'a', 'aa', 'b', '\0', '').map(bytes),
  rangeEnd: fc.constantFrom('', '', 'b', 'c', '\0').map(bytes),
  /** Counted from the latest; undefined: from now on. */
  startRevision: fc.oneof(fc.constant(undefined), fc.integer({ min: -8, max: 2 })),
  prevKv: fc.boolean(),
  filters: fc.constantFrom<readonly number[]>([], [], [0], [1], [0, 1]),
  fragment: fc.boolean(),
  /** 0: the server chooses. */
  watchId: fc.constantFrom(0, 0, 0, 3, 7),
});
const cancel = fc.record({ kind: fc.constant('watchCancel' as const), watchId: fc.constantFrom(0, 1, 2, 3, 7, 99) });

type ValueOf<A> = A extends fc.Arbitrary<infer Value> ? Value : never;
export type WatchCreate = ValueOf<typeof create>;
export type WatchCancel = ValueOf<typeof cancel>;
export type WatchCommand = WatchCreate | WatchCancel | KeyCommand;

export const watchCommand: fc.Arbitrary<WatchCommand> = fc.oneof(
  { weight: 3, arbitrary: create },
  { weight: 1, arbitrary: cancel },
  { weight: 8, arbitrary: keyCommand },
);
