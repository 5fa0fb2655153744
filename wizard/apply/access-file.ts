import * as z from 'zod';
import type { InitialAccess } from '../artifacts/initial-access.js';
import { accesses } from '../plan/plan.js';

const keyText = z.union([z.string(), z.strictObject({ base64: z.string() })]);

const shape = z.strictObject({
  roles: z.array(
    z.strictObject({
      name: z.string(),
      permissions: z.array(z.strictObject({ access: z.enum(accesses), key: keyText, end: keyText.exactOptional() })),
    }),
  ),
  users: z.array(z.strictObject({ name: z.string(), roles: z.array(z.string()), passwordHash: z.string() })),
  enable: z.boolean(),
});

/** undefined when the text is no initial-access file. */
export function parseAccess(text: string): InitialAccess | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export const withHashes = (access: InitialAccess, hashes: ReadonlyMap<string, string>): InitialAccess => ({
  ...access,
  users: access.users.map((user) => ({ ...user, passwordHash: hashes.get(user.name) ?? '' })),
});

export const withoutHashes = (access: InitialAccess): InitialAccess => withHashes(access, new Map());

export const printAccess = (access: InitialAccess): string => `${JSON.stringify(access, undefined, 2)}\n`;
