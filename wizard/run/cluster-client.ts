import { join } from 'node:path';
import { EtcdClient } from '#cluster';
import { readClientFiles } from '#pki';
import { clientUrl } from '../artifacts/member-settings.js';
import { WizardError } from '../errors.js';
import { kitFiles } from '../layout.js';
import { type Member, type Plan, root } from '../plan/plan.js';

export const endpointOf = (member: Member): string => clientUrl(member);

/**
 * A client of the plan's cluster that signs in with root's certificate.
 * @throws WizardError files-refused when root's kit is not there, or not whole
 */
export async function connectAsRoot(plan: Plan, dir: string): Promise<EtcdClient> {
  const files = kitFiles(root);
  const [ca, certificate, key] = [files.ca, files.certificate, files.key].map((path) => join(dir, path));
  const tls = await readClientFiles({ ca, certificate, key }).catch((cause: Error) => {
    const hint = `quorate apply --dir ${dir} makes what is missing; move away what can't be read`;
    throw new WizardError('files-refused', `root's kit can't be used: ${cause.message}`, {}, { cause, hint });
  });
  return EtcdClient.connect({ endpoints: plan.members.map(endpointOf), tls });
}
