import type { InitialMember } from './flag-texts.js';
import type { FlagValues } from './flags.js';

/** The members that found the cluster: as given, or this one alone where it is advertised. */
export function initialCluster(values: FlagValues): readonly InitialMember[] {
  const given = values['initial-cluster'];
  return given.length > 0 ? given : [{ name: values.name, urls: values['initial-advertise-peer-urls'] }];
}
