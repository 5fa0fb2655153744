import { join } from 'node:path';
import { type Bundle, type BundlePaths, isTaken, profiles, readBundle } from '#pki';
import type { Context } from '../../commands/command.js';
import { dirFlag } from '../../commands/next-lines.js';
import { WizardError } from '../../errors.js';
import { issuedFolder } from '../../layout.js';
import type { Plan } from '../../plan/plan.js';
import { type ExportedFile, type KubeadmUse, kubeadmFiles } from './formats.js';
import { memberPaths, unknown } from './source.js';

/** Certificates that `cert issue` made under kubeadm's names. */
const issued = ['healthcheck-client', 'apiserver-etcd-client'] as const;

function issuedPaths(profile: (typeof issued)[number], dir: string, ca: string): BundlePaths {
  const at = join(dir, issuedFolder(profile), profiles[profile].commonNameDefault ?? profile);
  return { certificate: `${at}.crt`, key: `${at}.key`, ca };
}

/**
 * A member's certificates with those of kubeadm's two clients, as /etc/kubernetes/pki has them. The authority's key is not
 * among them: kubeadm then renews nothing, and quorate does.
 * @throws WizardError `usage`, `not-issued` with every command that is to be run before; PkiError
 */
export async function kubeadmExport(what: string, plan: Plan, { dir, givenDir }: Context): Promise<ExportedFile[]> {
  if (!plan.members.some(({ name }) => name === what)) throw noMember(what, plan);
  const server = memberPaths(what, 'server', dir);
  const paths: Readonly<Record<KubeadmUse, BundlePaths>> = {
    server,
    peer: memberPaths(what, 'peer', dir),
    'healthcheck-client': issuedPaths('healthcheck-client', dir, server.ca),
    'apiserver-etcd-client': issuedPaths('apiserver-etcd-client', dir, server.ca),
  };
  await refuseMissing(paths, dirFlag(givenDir));
  const read = await Promise.all(
    Object.entries(paths).map(async ([use, each]) => [use, await readBundle(each)] as const),
  );
  return kubeadmFiles(Object.fromEntries(read) as Record<KubeadmUse, Bundle>);
}

async function refuseMissing(paths: Readonly<Record<KubeadmUse, BundlePaths>>, flag: string): Promise<void> {
  const there = await Promise.all(issued.map((profile) => isTaken(paths[profile].certificate)));
  const missing = issued.filter((_, index) => !there[index]);
  if (missing.length === 0) return;
  const commands = missing.map((profile) => `quorate cert issue ${profile}${flag}`);
  const what = `there is no certificate yet of ${missing.join(' and ')}`;
  throw new WizardError('not-issued', what, { missing }, { hint: commands.join(' && ') });
}

function noMember(what: string, plan: Plan): WizardError {
  const members = plan.members.map(({ name }) => name).join(', ');
  const [member = ''] = what.split('/');
  if (!plan.members.some(({ name }) => name === member)) return unknown(what, plan);
  const hint = `its members are ${members}`;
  return new WizardError('usage', `kubeadm's layout is of a whole member, and ${what} is none`, { what }, { hint });
}
