import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { EtcdClient } from '#cluster';
import { type ClientFilePaths, type ClientFiles, readClientFiles } from '#pki';
import type { Context, Given } from '../commands/command.js';
import { findPlan } from '../commands/plan-file.js';
import { WizardError } from '../errors.js';
import { root } from '../plan/plan.js';
import { passwordVariable } from '../secret-variables.js';
import { connectAsRoot } from './cluster-client.js';

// A store that need not be a plan's: any that speaks etcd's v3 API.

export interface Connection {
  readonly client: EtcdClient;
  /** Whom the store takes us for; undefined while auth is off. */
  readonly operator: string | undefined;
  readonly authIsOn: boolean;
}

/**
 * Connects to the cluster of DIR as root, or to the one that the options name.
 * @throws WizardError `usage`, `plan-missing`, `files-refused`; ClusterError
 */
export async function connect(context: Context, given: Given): Promise<Connection> {
  if (endpointsOf(given).length === 0) {
    const plan = await findPlan(context);
    if (plan === undefined) {
      const hint = 'run it where quorate init was run, name that folder with --dir, or name a cluster with --endpoints';
      throw new WizardError('plan-missing', `there is no plan in ${context.dir}`, { dir: context.dir }, { hint });
    }
    return connected(await connectAsRoot(plan, context.dir), root, context.signal);
  }
  const { client, tls } = await openStore(given);
  try {
    const user = await signIn(client, context, given);
    return await connected(client, user ?? commonName(tls.cert), context.signal);
  } catch (error) {
    client.close();
    throw error;
  }
}

export interface OpenStore {
  readonly client: EtcdClient;
  /** In PEM, as the options named them. */
  readonly tls: ClientFiles;
  readonly paths: ClientFilePaths;
}

/** The store that the options name, which has not been asked for anything yet. @throws WizardError `usage`, `files-refused` */
export async function openStore(given: Given): Promise<OpenStore> {
  const [ca, certificate, key] = [given.cacert, given.cert, given.key].map((path) =>
    typeof path === 'string' ? resolve(path) : undefined,
  );
  if ((certificate === undefined) !== (key === undefined)) {
    throw new WizardError('usage', '--cert and --key belong together: one of them is missing');
  }
  const paths = { ca, certificate, key };
  const tls = await readClientFiles(paths);
  const client = EtcdClient.connect({ endpoints: endpointsOf(given), ...(ca || key ? { tls } : {}) });
  return { client, tls, paths };
}

/** Those of another cluster than DIR's. */
export const endpointsOf = ({ endpoints }: Given): string[] =>
  (Array.isArray(endpoints) ? endpoints.map(String) : [])
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');

async function connected(client: EtcdClient, name: string | undefined, signal: AbortSignal): Promise<Connection> {
  const { enabled } = await client.auth.status({ signal });
  return { client, operator: enabled ? name : undefined, authIsOn: enabled };
}

/** By `--user`, where it is given. @returns whom. @throws WizardError `usage`, ClusterError */
export async function signIn(
  client: EtcdClient,
  { environment, signal }: Context,
  { user }: Given,
): Promise<string | undefined> {
  if (typeof user !== 'string') return undefined;
  const password = environment[passwordVariable];
  if (password === undefined || password === '') {
    const hint = `read -rs ${passwordVariable} && export ${passwordVariable}, then type it again`;
    throw new WizardError('usage', `the password of ${user} is not in ${passwordVariable}`, { user }, { hint });
  }
  if ((await client.auth.status({ signal })).enabled)
    client.useToken(await client.auth.authenticate(user, password, { signal }));
  return user;
}

function commonName(pem: string | undefined): string | undefined {
  return pem === undefined ? undefined : /^CN=(.*)$/m.exec(new X509Certificate(pem).subject ?? '')?.[1];
}
