import { join } from 'node:path';
import { type Kit, kitEnvironment, kitLetter, markdownCode } from '#templates';
import { kitFiles, kitFolder } from '../layout.js';
import { type Plan, type PlanPermission, root, type User } from '../plan/plan.js';
import { type Artifact, privateFile, privateFolder } from './artifact.js';
import { clientUrl } from './member-settings.js';

// A user's kit: everything that a person needs to use the cluster, in one folder.

const verbs = { read: 'read', write: 'write', readwrite: 'read and write' } as const;

function words(permission: PlanPermission): string {
  const verb = verbs[permission.access];
  if ('prefix' in permission) {
    return permission.prefix === ''
      ? `${verb} every key`
      : `${verb} every key that begins with ${markdownCode(permission.prefix)}`;
  }
  const from = markdownCode(permission.key);
  if (permission.end === undefined) return `${verb} the key ${from}`;
  if (permission.end === '\0') return `${verb} every key from ${from} on`;
  return `${verb} the keys from ${from} up to, but not including, ${markdownCode(permission.end)}`;
}

/** A key to try that a person can see and type. */
function exampleOf(permissions: readonly PlanPermission[]): Kit['example'] {
  const keyOf = (permission: PlanPermission): string =>
    'prefix' in permission ? `${permission.prefix}hello` : permission.key;
  const typable = permissions.filter((permission) => !/\p{C}/u.test(keyOf(permission)));
  const permission = typable.find(({ access }) => access === 'readwrite') ?? typable[0];
  if (permission === undefined) return undefined;
  return { key: keyOf(permission), readable: permission.access !== 'write', writable: permission.access !== 'read' };
}

function kitOf(plan: Plan, user: User, dir: string): Kit {
  const files = kitFiles(user.name);
  const permissions = plan.access.roles
    .filter(({ name }) => user.roles.includes(name))
    .flatMap((role) => role.permissions);
  const isRoot = user.roles.includes(root);
  const example = isRoot ? undefined : exampleOf(permissions);
  return {
    user: user.name,
    cluster: plan.cluster.name,
    endpoints: plan.members.map(clientUrl),
    caFile: join(dir, files.ca),
    certificateFile: join(dir, files.certificate),
    keyFile: join(dir, files.key),
    environmentFile: join(dir, files.environment),
    keyIsElsewhere: user.key === 'elsewhere',
    ...(user.password ? { passwordFile: join(dir, files.password) } : {}),
    permissions: permissions.map(words),
    isRoot,
    ...(example === undefined ? {} : { example }),
  };
}

function certificateOf(plan: Plan, user: User): Artifact {
  const files = kitFiles(user.name);
  const common = {
    path: files.certificate,
    title: `the certificate of ${user.name}`,
    request: { profile: 'client', commonName: user.name, names: [], days: plan.pki.certDays },
  } as const;
  if (user.key === 'elsewhere') return { kind: 'certificate', csrPath: files.csr, ...common };
  return { kind: 'key-pair', keyPath: files.key, keyType: user.keyType ?? plan.pki.keyType, ...common };
}

/** @param dir absolute */
export function kitArtifacts(plan: Plan, user: User, dir: string): Artifact[] {
  const files = kitFiles(user.name);
  const kit = kitOf(plan, user, dir);
  return [
    { kind: 'folder', path: kitFolder(user.name), mode: privateFolder },
    ...(user.password ? [{ kind: 'password', path: files.password, user: user.name } as const] : []),
    { kind: 'trust', path: files.ca },
    certificateOf(plan, user),
    {
      kind: 'file',
      path: files.environment,
      mode: privateFile,
      title: `the settings of ${user.name}`,
      content: kitEnvironment(kit),
    },
    {
      kind: 'file',
      path: files.letter,
      mode: privateFile,
      title: `the letter to ${user.name}`,
      content: kitLetter(kit),
    },
  ];
}
