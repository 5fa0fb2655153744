import type { z } from 'zod';
import type { PlanPath } from './complaints.js';
import type { CipherSuite, Member, Plan, PlanProfile, Role, RunMode, User } from './plan.js';
import { clusterShape, memberShape, pkiShape, profileShape, roleShape, userShape } from './shape.js';

/** A value with its place in the plan. */
export interface Placed<T> {
  readonly path: PlanPath;
  readonly value: T;
}

/** What of a plan can be read, however much of the rest is wrong: cross-checks run on it so that one run reports everything. */
export interface PlanParts {
  readonly clusterName: string | undefined;
  readonly run: RunMode | undefined;
  readonly image: string | undefined;
  readonly suites: readonly CipherSuite[] | undefined;
  readonly members: readonly Placed<Member>[];
  /** The length of the list of members, readable or not. */
  readonly memberCount: number;
  readonly pki: Plan['pki'] | undefined;
  readonly profiles: readonly Placed<PlanProfile>[];
  readonly roles: readonly Placed<Role>[];
  /** Also those of roles with mistakes in them. */
  readonly roleNames: readonly string[];
  readonly users: readonly Placed<User>[];
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The items of a list that have its shape, each with its place. */
export function readable<T>(shape: z.ZodType<T>, items: unknown, path: PlanPath): Placed<T>[] {
  return list(items).flatMap((item, index) => {
    const result = shape.safeParse(item);
    return result.success ? [{ path: [...path, index], value: result.data }] : [];
  });
}

export function partsOf(plan: unknown): PlanParts {
  const access = field(plan, 'access');
  const cluster = clusterShape.safeParse(field(plan, 'cluster')).data;
  return {
    clusterName: cluster?.name,
    run: cluster?.run,
    image: cluster?.image,
    suites: cluster?.cipherSuites,
    members: readable(memberShape, field(plan, 'members'), ['members']),
    memberCount: list(field(plan, 'members')).length,
    pki: pkiShape.safeParse(field(plan, 'pki') ?? {}).data,
    profiles: readable(profileShape, field(field(plan, 'pki'), 'profiles'), ['pki', 'profiles']),
    roles: readable<Role>(roleShape, field(access, 'roles'), ['access', 'roles']),
    roleNames: list(field(access, 'roles'))
      .map((role) => field(role, 'name'))
      .filter((name) => typeof name === 'string'),
    users: readable(userShape, field(access, 'users'), ['access', 'users']),
  };
}
