import fc from 'fast-check';
import { type KeyCommand, keyCommand } from './key-commands.js';

// What can be asked of leases, as data. None is so short that it ends meanwhile. Puts of key-commands.ts attach keys to 101 and 102.

const id = fc.constantFrom(101, 102, 102, 77);

const leaseCommandAlone = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('leaseGrant' as const),
      ID: id,
      TTL: fc.constantFrom(500, 600, 9_000_000_001),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leaseRevoke' as const), ID: id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leaseTimeToLive' as const), ID: id, keys: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leaseLeases' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leaseKeepAlive' as const), ID: id }) },
);
type LeaseCommandAlone = typeof leaseCommandAlone extends fc.Arbitrary<infer Value> ? Value : never;

export type LeaseCommand = LeaseCommandAlone | KeyCommand;
export const leaseCommand: fc.Arbitrary<LeaseCommand> = fc.oneof(
  { weight: 1, arbitrary: leaseCommandAlone },
  { weight: 2, arbitrary: keyCommand },
);
