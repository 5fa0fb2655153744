import { ClusterError } from '../errors.js';
import { parseBoolean } from './flag-texts.js';

/** etcd's feature gates, with their defaults. Those that stand for something here say what; the others are as they are. */
export const featureGates = {
  /** Compare this member's data with the others' before it serves. */
  InitialCorruptCheck: false,
  /** The leader compares the members' hashes after each compaction. */
  CompactHashCheck: false,
  /** The leader tells the others now and then how long leases have left. */
  LeaseCheckpoint: false,
  LeaseCheckpointPersist: false,
  StopGRPCServiceOnDefrag: false,
  TxnModeWriteWithSharedBuffer: true,
  SetMemberLocalAddr: false,
  FastLeaseKeepAlive: true,
  PriorityRequest: false,
} as const satisfies Readonly<Record<string, boolean>>;

export type FeatureGate = keyof typeof featureGates;
export type FeatureGates = Readonly<Record<FeatureGate, boolean>>;

const beta: readonly string[] = ['TxnModeWriteWithSharedBuffer', 'FastLeaseKeepAlive'];
const names = Object.keys(featureGates) as readonly FeatureGate[];

const refuse = (message: string, hint?: string): never => {
  throw new ClusterError('flag-refused', message, {}, hint === undefined ? {} : { hint });
};

/**
 * Reads `Name=true,Other=false`; `AllAlpha` and `AllBeta` stand for many, a gate's own name wins over them.
 * @throws ClusterError flag-refused
 */
export function parseFeatureGates(text: string): FeatureGates {
  const given = new Map<string, boolean>();
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const [name = '', value] = part.split(/=(.*)/s).map((one) => one.trim());
    if (value === undefined) return refuse(`missing bool value for feature gate ${name}`, `write ${name}=true`);
    if (!isKnown(name)) return refuse(`unrecognized feature gate: ${name}`, `there are ${names.join(', ')}`);
    const open = parseBoolean(value);
    if (given.has(name) && given.get(name) !== open) refuse(`feature gate ${name} is both true and false`);
    given.set(name, open);
  }
  const all = (name: FeatureGate) => given.get(beta.includes(name) ? 'AllBeta' : 'AllAlpha');
  // Every gate's name is there, so the entries are FeatureGates.
  return Object.fromEntries(
    names.map((name) => [name, given.get(name) ?? all(name) ?? featureGates[name]]),
  ) as FeatureGates;
}

/** Those that have a reader. */
const gatesWithEffect: readonly FeatureGate[] = ['InitialCorruptCheck', 'CompactHashCheck'];

/** Those, as etcd's metrics have them. */
export const effectiveGates = (gates: FeatureGates) =>
  gatesWithEffect.map((name) => {
    const stage = beta.includes(name) ? ('BETA' as const) : ('ALPHA' as const);
    return { name, stage, enabled: gates[name] };
  });

/** A warning for each that is set to another value than its own, and changes nothing here. */
export const idleGates = (gates: FeatureGates): string[] =>
  names
    .filter((name) => gates[name] !== featureGates[name] && !gatesWithEffect.includes(name))
    .map((name) => `--feature-gates: ${name} has no effect here`);

const isKnown = (name: string): boolean =>
  Object.hasOwn(featureGates, name) || name === 'AllAlpha' || name === 'AllBeta';
