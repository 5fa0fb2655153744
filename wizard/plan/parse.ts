import { WizardError } from '../errors.js';
import {
  lifetimes,
  repeatedRoles,
  rootKeepsRoot,
  unknownRoles,
  unusedImage,
  usersNamedAsMembers,
  usersWithoutRoles,
} from './access-checks.js';
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
import { shapeFindings } from './shape-findings.js';
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
  unusedImage,
  ({ roles }) => duplicateNames(roles, false),
  ({ users }) => duplicateNames(users, true),
  unknownRoles,
  repeatedRoles,
  rootKeepsRoot,
  usersNamedAsMembers,
  usersWithoutRoles,
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

const byPlace = (a: Complaint, b: Complaint): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

function refusal(file: string, complaints: readonly Complaint[]): WizardError {
  const errors = complaints.filter(({ severity }) => severity === 'error').length;
  const what = errors === 1 ? '1 mistake' : `${errors} mistakes`;
  const hint = 'correct it there and type the command again; nothing was changed';
  return new WizardError('plan-refused', `${what} in ${file}`, { file, errors }, { complaints, hint });
}

function parseSource(source: PlanSource): ReadPlan {
  if (source.broken.length > 0) throw refusal(source.file, source.broken);
  const unreadable = versionFinding(source.value);
  if (unreadable !== undefined) throw refusal(source.file, [source.located(unreadable)]);
  const shape = planShape.safeParse(source.value);
  const parts = partsOf(source.value);
  const findings = [
    ...(shape.success ? [] : shapeFindings(shape.error.issues, source.value)),
    ...checks.flatMap((check) => check(parts)),
  ];
  const complaints = findings.map((finding) => source.located(finding)).sort(byPlace);
  if (!shape.success || complaints.some(({ severity }) => severity === 'error')) throw refusal(source.file, complaints);
  return { plan: shape.data, warnings: complaints };
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
