import {
  keysElsewhere,
  lifetimes,
  lookAlikeUsers,
  repeatedRoles,
  rootKeepsRoot,
  rootName,
  tokenKeys,
  unknownRoles,
  unusedImage,
  usersLikeHosts,
  usersNamedAsMembers,
  usersWithoutRoles,
} from './access-checks.js';
import { checked, refusal } from './checked.js';
import { cipherPairs } from './cipher-suites.js';
import { type Complaint, type Finding, refused } from './complaints.js';
import {
  clashingPorts,
  duplicateNames,
  loopbackHosts,
  memberCount,
  metricsPorts,
  sharedHosts,
} from './member-checks.js';
import { type PlanParts, partsOf } from './parts.js';
import { type Plan, planVersion } from './plan.js';
import { planShape } from './shape.js';
import { type PlanSource, readSource, valueSource } from './source.js';

/** A usable plan, and what is doubtful about it. */
export interface ReadPlan {
  readonly plan: Plan;
  readonly warnings: readonly Complaint[];
}

const checks: readonly ((parts: PlanParts) => Finding[])[] = [
  ({ members }) => duplicateNames(members, true),
  clashingPorts,
  metricsPorts,
  sharedHosts,
  loopbackHosts,
  memberCount,
  lifetimes,
  rootName,
  tokenKeys,
  cipherPairs,
  unusedImage,
  ({ profiles }) => duplicateNames(profiles, false),
  ({ roles }) => duplicateNames(roles, false),
  lookAlikeUsers,
  unknownRoles,
  repeatedRoles,
  rootKeepsRoot,
  usersNamedAsMembers,
  usersWithoutRoles,
  usersLikeHosts,
  keysElsewhere,
];

function versionFinding(value: unknown): Finding | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const hint = 'it needs version, cluster.name and members; quorate init writes one';
    return refused([], { what: value === null || value === undefined ? 'is empty' : 'is no plan', hint });
  }
  const version: unknown = (value as { version?: unknown }).version;
  if (typeof version !== 'number' || version <= planVersion) return undefined;
  const what = `plan version ${version} is newer than this quorate reads (${planVersion})`;
  return refused(['version'], { what, hint: 'update quorate' });
}

function parseSource(source: PlanSource): ReadPlan {
  if (source.broken.length > 0) throw refusal(source.file, source.broken);
  const unreadable = versionFinding(source.value);
  if (unreadable !== undefined) throw refusal(source.file, [source.located(unreadable)]);
  const parts = partsOf(source.value);
  const { value: plan, warnings } = checked(
    source,
    planShape,
    checks.flatMap((check) => check(parts)),
  );
  return { plan, warnings };
}

/**
 * Reads a plan file's text.
 *
 * @param file its name, for complaints
 * @throws WizardError `plan-refused` with every complaint at once
 */
export const parsePlanText = (text: string, file: string): ReadPlan => parseSource(readSource(text, file));

/** The same for a value that is already there, such as answers. */
export const parsePlan = (value: unknown, name: string): ReadPlan => parseSource(valueSource(value, name));
