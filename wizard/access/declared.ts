import { repeatedRoles, rootKeepsRoot, unknownRoles, usersWithoutRoles } from '../plan/access-checks.js';
import { checked, refusal } from '../plan/checked.js';
import type { Complaint } from '../plan/complaints.js';
import { duplicateNames } from '../plan/member-checks.js';
import { parsePlanText } from '../plan/parse.js';
import { partsOf, readable } from '../plan/parts.js';
import { accessFileShape, storeUserShape } from '../plan/shape.js';
import { readSource } from '../plan/source.js';
import type { Declared } from './access.js';

/**
 * Reads who may do what: a whole plan, or its part `access` alone, whose users may have names that no certificate has.
 * @param file its name, for complaints
 * @throws WizardError `plan-refused` with every complaint at once
 */
export function parseDeclared(text: string, file: string): { declared: Declared; warnings: readonly Complaint[] } {
  const source = readSource(text, file);
  if (source.broken.length > 0) throw refusal(file, source.broken);
  if (isPlan(source.value)) {
    const { plan, warnings } = parsePlanText(text, file);
    return { declared: plan.access, warnings };
  }
  const path = ['access', 'users'];
  const users = (source.value as { access?: { users?: unknown } } | null)?.access?.users;
  const parts = { ...partsOf(source.value), users: readable(storeUserShape, users, path) };
  const { value, warnings } = checked(source, accessFileShape, [
    ...duplicateNames(parts.roles, false),
    ...duplicateNames(parts.users, false),
    ...unknownRoles(parts),
    ...repeatedRoles(parts),
    ...rootKeepsRoot(parts),
    ...usersWithoutRoles(parts),
  ]);
  return { declared: value.access, warnings };
}

const isPlan = (value: unknown): boolean => typeof value === 'object' && value !== null && 'members' in value;
