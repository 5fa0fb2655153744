import * as z from 'zod';
import { profileReasons } from '#pki';
import { rangeObjection } from './permissions.js';
import {
  accesses,
  authorities,
  cipherSuites,
  defaultPki,
  engines,
  keyTypes,
  type PlanPermission,
  type PlanProfile,
  planVersion,
  runModes,
} from './plan.js';
import { customProfile } from './profiles.js';
import {
  authorityDaysRule,
  certificateDaysRule,
  clusterNameRule,
  hostRule,
  imageRule,
  memberNameRule,
  organizationRule,
  portRule,
  type Rule,
  roleNameRule,
  storeUserRule,
  subtreeRule,
  tokenRule,
  userNameRule,
} from './rules.js';

// The plan file's shape. What concerns more than one value is in checks.ts.

function obeying<T>(shape: z.ZodType<T>, rule: Rule<T>) {
  return shape.superRefine((value, context) => {
    const objection = rule(value);
    if (objection === undefined) return;
    context.addIssue({ code: 'custom', message: objection.what, params: { hint: objection.hint } });
  });
}

const text = (rule: Rule<string>) => obeying(z.string(), rule);
const number = (rule: Rule<number>) => obeying(z.number(), rule);

export const memberShape = z.strictObject({
  name: text(memberNameRule),
  host: text(hostRule),
  clientPort: number(portRule).default(2379),
  peerPort: number(portRule).default(2380),
  addresses: z.array(text(hostRule)).default([]),
  keyType: z.enum(keyTypes).exactOptional(),
  joins: z.literal(true).exactOptional(),
});

const permissionShape = z
  .strictObject({
    access: z.enum(accesses),
    prefix: z.string().optional(),
    key: z.string().optional(),
    end: z.string().optional(),
  })
  .transform((value, context): PlanPermission => {
    const { access, prefix, key, end } = value;
    const object = (message: string, hint?: string): never => {
      context.addIssue({ code: 'custom', message, params: { hint }, input: value });
      return z.NEVER;
    };
    const choose = 'write prefix: /app/, or key: /one/key, or key and end';
    if (prefix !== undefined && key !== undefined) return object('has both prefix and key', choose);
    if (prefix !== undefined && end !== undefined) return object('has both prefix and end', choose);
    if (prefix === undefined && key === undefined) return object('has neither prefix nor key', choose);
    const permission: PlanPermission =
      key === undefined ? { access, prefix: prefix ?? '' } : { access, key, ...(end === undefined ? {} : { end }) };
    const objection = rangeObjection(permission);
    return objection === undefined ? permission : object(objection.what, objection.hint);
  });

export const roleShape = z.strictObject({
  name: text(roleNameRule),
  permissions: z.array(permissionShape).default([]),
});

export const userShape = z.strictObject({
  name: text(userNameRule),
  roles: z.array(z.string()).default([]),
  password: z.boolean().default(false),
  keyType: z.enum(keyTypes).exactOptional(),
  key: z.literal('elsewhere').exactOptional(),
});

/** Of a file that says who may do what in a cluster that need not be a plan's. */
export const storeUserShape = z.strictObject({ ...userShape.shape, name: text(storeUserRule) });

export const accessFileShape = z.strictObject({
  access: z.strictObject({ roles: z.array(roleShape).default([]), users: z.array(storeUserShape).default([]) }),
});

export const clusterShape = z.strictObject({
  name: text(clusterNameRule),
  engine: z.enum(engines).default('included'),
  run: z.enum(runModes).default('local'),
  image: text(imageRule).exactOptional(),
  cipherSuites: z.array(z.enum(cipherSuites)).min(1).exactOptional(),
});

const profileDaysMax = 365;

export const profileShape = z
  .strictObject({
    name: z.string(),
    usages: z.array(z.enum(['serverAuth', 'clientAuth'])),
    names: z.array(z.enum(['dns', 'ip', 'email', 'uri'])).default([]),
    namesRequired: z.boolean().exactOptional(),
    commonName: z.enum(['required', 'absent']).default('required'),
    organization: text(organizationRule).exactOptional(),
    keyType: z.enum(keyTypes).exactOptional(),
    days: z.number().exactOptional(),
    daysMax: z.number().default(profileDaysMax),
  })
  .transform((given, context): PlanProfile => {
    const dialled = given.usages.includes('serverAuth') || given.commonName === 'absent';
    const profile = { ...given, namesRequired: given.namesRequired ?? dialled, days: given.days ?? given.daysMax };
    for (const message of profileReasons(customProfile(profile))) {
      context.addIssue({ code: 'custom', message, params: { hint: profileHint }, input: given });
    }
    return profile;
  });

const profileHint = 'the README shows a profile, "The plan"';

export const pkiShape = z.strictObject({
  keyType: z.enum(keyTypes).default(defaultPki.keyType),
  authority: z.enum(authorities).default(defaultPki.authority),
  caDays: number(authorityDaysRule).default(defaultPki.caDays),
  intermediateDays: number(authorityDaysRule).exactOptional(),
  certDays: number(certificateDaysRule).default(defaultPki.certDays),
  key: text(tokenRule).exactOptional(),
  nameConstraints: z.union([z.boolean(), z.array(text(subtreeRule))]).exactOptional(),
  profiles: z.array(profileShape).default([]),
});

export const planShape = z.strictObject({
  version: z.literal(planVersion),
  cluster: clusterShape,
  members: z.array(memberShape).min(1),
  pki: pkiShape.prefault({}),
  access: z.strictObject({ roles: z.array(roleShape).default([]), users: z.array(userShape).default([]) }).prefault({}),
});
