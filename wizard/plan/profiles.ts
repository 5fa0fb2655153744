import { type CustomProfile, isLeafProfile, leafProfiles, type ProfileChoice } from '#pki';
import type { KeyType, Plan, PlanProfile } from './plan.js';

// The profiles that a plan has: those that are built in, and its own.

/** As the authority knows it. */
export function customProfile(profile: PlanProfile): CustomProfile {
  const { name, usages, names, namesRequired, commonName, organization, days, daysMax } = profile;
  const rules = { extendedUsages: usages, nameKinds: names, namesRequired, commonName, daysDefault: days, daysMax };
  return { name, ...rules, ...(organization === undefined ? {} : { organization }) };
}

export const profileNames = ({ pki }: Plan): readonly string[] => [
  ...leafProfiles,
  ...pki.profiles.map(({ name }) => name),
];

/** The profile of this name, with the key type that it wants, if it does. */
export function findProfile(
  { pki }: Plan,
  name: string,
): { readonly choice: ProfileChoice; readonly keyType?: KeyType } | undefined {
  if (isLeafProfile(name)) return { choice: name };
  const declared = pki.profiles.find((profile) => profile.name === name);
  if (declared === undefined) return undefined;
  const { keyType } = declared;
  return { choice: customProfile(declared), ...(keyType === undefined ? {} : { keyType }) };
}
