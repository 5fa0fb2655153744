import type { EtcdClient } from '#cluster';
import { WizardError } from '../errors.js';
import { type Plan, root } from '../plan/plan.js';
import { type ExitCode, exitCodes } from '../report.js';
import { apiServer, servesKubernetes } from '../run/api-server.js';
import { bootstrap as bringAccess } from '../run/bootstrap.js';
import { connectAsRoot } from '../run/cluster-client.js';
import { verifyAccess } from '../run/verify-access.js';
import type { Context, Given } from './command.js';
import { readPlan } from './plan-file.js';

/** `quorate bootstrap` */
export async function bootstrap(context: Context, { json, yes }: Given): Promise<ExitCode> {
  const { terminal, dir, signal } = context;
  const plan = await readPlan(context);
  const client = await connectAsRoot(plan, dir);
  try {
    if (yes !== true) await checkApiServer(client, plan, context);
    const done = await bringAccess(client, plan, dir, signal);
    const verified = await verifyAccess(client, plan, dir, signal);
    if (json === true) terminal.json({ done, verified });
    for (const line of done) terminal.say(line);
    terminal.say(
      done.length === 0
        ? 'users, roles and auth were as the plan wants them'
        : 'users, roles and auth are as the plan wants them',
    );
    for (const line of verified) terminal.say(line);
    return exitCodes.done;
  } finally {
    client.close();
  }
}

/** With auth on an API server that the store does not know is refused, and with it the whole cluster of Kubernetes. @throws WizardError `answer-refused` */
export async function checkApiServer(
  client: EtcdClient,
  { cluster, access }: Plan,
  { signal }: Pick<Context, 'signal'>,
): Promise<void> {
  const isKnown = access.users.some(({ name, roles }) => name === apiServer && roles.includes(root));
  if (isKnown || (await client.auth.status({ signal })).enabled) return;
  if (cluster.run !== 'static-pod' && !(await servesKubernetes(client, signal))) return;
  const what = `the plan has no user ${apiServer} with the role root: once auth is on, the API server is refused, and Kubernetes stands still`;
  const hint = `add { name: ${apiServer}, roles: [root] } to access.users and apply it; --yes if no API server uses this store`;
  throw new WizardError('answer-refused', what, {}, { hint });
}
