import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { checkDeclaration } from '../auth/declaration.js';
import { ClusterError } from '../errors.js';
import type { AccessDeclaration } from '../operations/auth.js';

/** Keys are text, or base64 where they are no UTF-8. */
const key = z
  .union([z.string(), z.strictObject({ base64: z.base64() })])
  .transform(
    (given): Uint8Array => (typeof given === 'string' ? Buffer.from(given) : Buffer.from(given.base64, 'base64')),
  );

const permission = z
  .strictObject({ access: z.enum(['read', 'write', 'readwrite']), key, end: key.optional() })
  .transform(({ end, ...rest }) => (end === undefined ? rest : { ...rest, end }));

const name = z.string().min(1);

const declaration = z.strictObject({
  roles: z.array(z.strictObject({ name, permissions: z.array(permission) })),
  users: z.array(
    z.strictObject({
      name,
      roles: z.array(name),
      passwordHash: z.union([z.literal(''), z.string().regex(/^\$2[aby]\$\d\d\$.{53}$/)]),
    }),
  ),
  enable: z.boolean(),
});

/**
 * Reads what `--initial-access-file` names: the access that a new cluster begins with.
 * @throws ClusterError flag-refused naming the file and every place in it that is wrong
 */
export async function readInitialAccess(path: string): Promise<AccessDeclaration> {
  const refuse = (reason: string, cause: unknown) =>
    new ClusterError(
      'flag-refused',
      `--initial-access-file ${path}: ${reason}`,
      { path },
      {
        cause,
        hint: '`quorate apply` writes this file; it holds password hashes, never passwords',
      },
    );
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw refuse(reasons[(cause as NodeJS.ErrnoException).code ?? ''] ?? cause.message, cause);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse('it is not JSON', cause);
  }
  const { success, data, error } = declaration.safeParse(json);
  if (!success)
    throw refuse(
      error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`).join('; '),
      error,
    );
  try {
    checkDeclaration(data);
  } catch (cause) {
    if (cause instanceof ClusterError) throw refuse(cause.message, cause);
    throw cause;
  }
  return data;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
};
