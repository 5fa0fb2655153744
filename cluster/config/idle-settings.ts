import { type FeatureGate, featureGates } from './feature-gates.js';
import type { FlagValues } from './flags.js';

// What may be set, is understood, and changes nothing here: whoever set it is told.

/** Those that have a reader. */
const gatesWithEffect: readonly FeatureGate[] = ['InitialCorruptCheck', 'CompactHashCheck'];

const idleFlags: readonly (readonly [flag: keyof FlagValues & string, standard: unknown, why: string])[] = [
  ['pre-vote', true, 'members always ask before an election whether it could be won'],
  ['grpc-keepalive-min-time', 5_000, "clients' pings are answered, however many they are"],
  ['downgrade-check-time', 5_000, 'there is no older version to go back to'],
];

/** A warning for each. */
export function idleSettings(values: FlagValues): string[] {
  const gates = Object.entries(values['feature-gates']) as [FeatureGate, boolean][];
  return [
    ...idleFlags
      .filter(([flag, standard]) => values[flag] !== standard)
      .map(([flag, , why]) => `--${flag} has no effect here: ${why}`),
    ...gates
      .filter(([gate, open]) => open !== featureGates[gate] && !gatesWithEffect.includes(gate))
      .map(([gate]) => `--feature-gates: ${gate} has no effect here`),
  ];
}
