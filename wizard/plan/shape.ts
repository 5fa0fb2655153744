import * as z from 'zod';
import { rangeObjection } from './permissions.js';
import { accesses, defaultPki, engines, keyTypes, type PlanPermission, planVersion, runModes } from './plan.js';
import {
  authorityDaysRule,
  certificateDaysRule,
  clusterNameRule,
  hostRule,
  imageRule,
  memberNameRule,
  portRule,
  type Rule,
  roleNameRule,
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
});

export const clusterShape = z.strictObject({
  name: text(clusterNameRule),
  engine: z.enum(engines).default('included'),
  run: z.enum(runModes).default('local'),
  image: text(imageRule).exactOptional(),
});

export const pkiShape = z.strictObject({
  keyType: z.enum(keyTypes).default(defaultPki.keyType),
  caDays: number(authorityDaysRule).default(defaultPki.caDays),
  certDays: number(certificateDaysRule).default(defaultPki.certDays),
});

export const planShape = z.strictObject({
  version: z.literal(planVersion),
  cluster: clusterShape,
  members: z.array(memberShape).min(1),
  pki: pkiShape.prefault({}),
  access: z.strictObject({ roles: z.array(roleShape).default([]), users: z.array(userShape).default([]) }).prefault({}),
});
