import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EtcdClient } from '#cluster';
import { clientUrl } from '../artifacts/member-settings.js';
import { WizardError } from '../errors.js';
import { kitFiles } from '../layout.js';
import { type Member, type Plan, root } from '../plan/plan.js';

export const endpointOf = (member: Member): string => clientUrl(member);

/**
 * A client of the plan's cluster that signs in with root's certificate.
 * @throws WizardError files-refused when root's kit is not there
 */
export async function connectAsRoot(plan: Plan, dir: string): Promise<EtcdClient> {
  const files = kitFiles(root);
  const read = (path: string): Promise<string> =>
    readFile(join(dir, path), 'utf8').catch((cause: Error) => {
      throw new WizardError(
        'files-refused',
        `root's kit can't be read: ${cause.message}`,
        { path },
        {
          cause,
          hint: `quorate apply --dir ${dir} writes it`,
        },
      );
    });
  const [ca, cert, key] = await Promise.all([read(files.ca), read(files.certificate), read(files.key)]);
  return EtcdClient.connect({ endpoints: plan.members.map(endpointOf), tls: { ca, cert, key } });
}
