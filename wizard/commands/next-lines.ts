import { join } from 'node:path';
import { shellArgument } from '#templates';
import { unitName } from '../artifacts/member-settings.js';
import { kitFiles, memberTree } from '../layout.js';
import { urlHost } from '../plan/address.js';
import { type Member, type Plan, root, usersOf } from '../plan/plan.js';

// What a person types next.

/** ` --dir X` where it is needed. */
export const dirFlag = (givenDir: string | undefined): string =>
  givenDir === undefined ? '' : ` --dir ${shellArgument(givenDir)}`;

/** A key that the user may write, when there is one. */
function writableKey(plan: Plan, roles: readonly string[]): string | undefined {
  const permissions = plan.access.roles.filter(({ name }) => roles.includes(name)).flatMap((role) => role.permissions);
  const writable = permissions.find(({ access }) => access !== 'read');
  if (writable === undefined) return undefined;
  return 'prefix' in writable ? `${writable.prefix}hello` : writable.key;
}

/** The user to try a new cluster as: the first who may write something, or root. */
function trialUser(plan: Plan): { readonly name: string; readonly key: string } {
  for (const { name, roles } of usersOf(plan)) {
    const key = name === root ? undefined : writableKey(plan, roles);
    if (key !== undefined) return { name, key };
  }
  return { name: root, key: 'hello' };
}

/** From a clone, by `npm start`, the bin is in nobody's PATH. */
const self = (): string => (process.env.npm_lifecycle_event === 'start' ? 'npx quorate' : 'quorate');

/** The three lines for a cluster that runs. @param dir absolute */
export function linesToTry(plan: Plan, dir: string, givenDir: string | undefined): readonly string[] {
  const { name, key } = trialUser(plan);
  return [
    `. ${shellArgument(join(dir, kitFiles(name).environment))}`,
    `etcdctl put ${shellArgument(key)} world`,
    `${self()} status${dirFlag(givenDir)}`,
  ];
}

/** The tree goes onto the host as it is, owned by root there; then the unit is started. */
export function installLine({ cluster }: Plan, { name, host }: Member, dir: string): string {
  const tree = shellArgument(join(dir, memberTree(name)));
  const unpack = 'tar -xC / --no-same-owner';
  const start =
    cluster.run === 'systemd'
      ? ` && systemctl daemon-reload && systemctl enable --now ${unitName(cluster.engine)}`
      : '';
  return `tar -cC ${tree} etc | ssh root@${urlHost(host)} '${unpack}${start}'`;
}

/** The lines that bring a cluster onto its hosts. @param dir absolute */
export function linesToInstall(plan: Plan, dir: string, givenDir: string | undefined): readonly string[] {
  const bootstrap = plan.cluster.engine === 'etcd' ? [`${self()} bootstrap${dirFlag(givenDir)}`] : [];
  return [...plan.members.map((member) => installLine(plan, member, dir)), ...bootstrap];
}
