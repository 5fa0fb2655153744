import type { FeatureGate } from './feature-gates.js';
import { parseBoolean } from './flag-texts.js';
import { type FlagName, flagNames, flags, isFlagName } from './flags.js';

/** What an older version's flag is today. */
export interface Successor {
  readonly name: FlagName;
  readonly isSwitch: boolean;
  /**
   * What to write for the old flag's text; undefined: nothing, it said what is so anyway.
   * @throws ClusterError flag-refused
   */
  readonly textFor: (old: string) => string | undefined;
}

const same = (name: FlagName): Successor => ({
  name,
  isSwitch: flags[name].placeholder === '',
  textFor: (old) => old,
});

const gate = (name: FeatureGate): Successor => ({
  name: 'feature-gates',
  isSwitch: true,
  textFor: (old) => `${name}=${parseBoolean(old)}`,
});

// Where the name is not simply that of today with `experimental-` before it.
const renamed: Readonly<Record<string, Successor>> = {
  debug: { name: 'log-level', isSwitch: true, textFor: (old) => (parseBoolean(old) ? 'debug' : undefined) },
  'log-output': same('log-outputs'),
  'experimental-initial-corrupt-check': gate('InitialCorruptCheck'),
  'experimental-compact-hash-check-enabled': gate('CompactHashCheck'),
  'experimental-enable-lease-checkpoint': gate('LeaseCheckpoint'),
  'experimental-enable-lease-checkpoint-persist': gate('LeaseCheckpointPersist'),
  'experimental-txn-mode-write-with-shared-buffer': gate('TxnModeWriteWithSharedBuffer'),
  'experimental-stop-grpc-service-on-defrag': gate('StopGRPCServiceOnDefrag'),
  'experimental-snapshot-catch-up-entries': same('snapshot-catchup-entries'),
};

const prefix = 'experimental-';

export const isExperimental = (name: string): boolean => name.startsWith(prefix);

/** The flag that an older version's is today; undefined when there never was one of that name. */
export function successorOf(name: string): Successor | undefined {
  const known = Object.hasOwn(renamed, name) ? renamed[name] : undefined;
  if (known !== undefined) return known;
  const today = isExperimental(name) ? name.slice(prefix.length) : '';
  return isFlagName(today) ? same(today) : undefined;
}

/** Whether a flag may stand alone: a boolean, under today's name or an older one. */
export const isSwitch = (name: string): boolean =>
  isFlagName(name) ? flags[name].placeholder === '' : (successorOf(name)?.isSwitch ?? false);

/** Of flags and older names, to know a variable by. `experimental-` is put before whatever may once have had it. */
export const olderNames: readonly string[] = [...Object.keys(renamed), ...flagNames.map((name) => `${prefix}${name}`)];
