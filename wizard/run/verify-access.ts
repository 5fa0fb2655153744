import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, EtcdClient } from '#cluster';
import { accessOf } from '../access/access.js';
import { readAccess } from '../access/live.js';
import { planAccess } from '../access/plan-access.js';
import { WizardError } from '../errors.js';
import { kitFiles } from '../layout.js';
import { type Plan, root } from '../plan/plan.js';
import { printable } from '../shown.js';
import { rightsOfRoles } from '../users/rights-of.js';
import { tryRefused } from '../users/try-kit.js';
import { endpointOf } from './cluster-client.js';

const patienceMs = 5_000;

/**
 * Sees for itself that access is in force: what the store has is read back, and two requests are made that must be refused.
 * @returns what a person should know
 * @throws WizardError `unverified`
 */
export async function verifyAccess(
  client: EtcdClient,
  plan: Plan,
  dir: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [live, { enabled }] = await Promise.all([readAccess(client, signal), client.auth.status({ signal })]);
  if (!enabled)
    throw unverified('auth is off after all', 'quorate bootstrap turns it on; somebody else may have turned it off');
  const { changes } = planAccess(live, plan.access, false, undefined);
  const differing = (sign: '+' | '-') =>
    changes.filter(({ action, diff }) => action === 'change' && diff.some((line) => line.startsWith(sign)));
  const lacking = [...changes.filter(({ action }) => action === 'create'), ...differing('+')];
  if (lacking.length > 0) {
    const names = lacking.map(({ kind, name }) => `${kind} ${printable(name)}`).join(', ');
    throw unverified(`read back, the store lacks something of ${names}`, 'quorate access plan shows it');
  }
  await refuseNameless(plan, dir, signal);
  // A cluster that answers nobody has refused nobody.
  await client.auth.status({ signal });
  const tried = await refuseUnprivileged(plan, dir, signal);
  const beyond = differing('-').map(({ kind, name }) => `${kind} ${printable(name)}`);
  const declared = accessOf(plan.access);
  const strangers = [...live.users.keys()].filter((user) => !declared.users.has(user));
  return [
    `verified: who has no certificate is refused${tried === undefined ? '' : `, and so is ${printable(tried)} beyond their rights`}`,
    ...(beyond.length === 0
      ? []
      : [
          `the store grants more than the plan to ${beyond.join(', ')}: quorate access plan shows it, quorate access apply takes it back`,
        ]),
    ...(strangers.length === 0
      ? []
      : [
          `the store has users that the plan has not: ${strangers.map(printable).join(', ')}; quorate access apply --prune removes them`,
        ]),
  ];
}

const unverified = (what: string, hint: string): WizardError => new WizardError('unverified', what, {}, { hint });

/** One that gets in without a certificate would do so with auth on, too, by a password. */
async function refuseNameless(plan: Plan, dir: string, signal: AbortSignal): Promise<void> {
  const ca = await readFile(join(dir, kitFiles(root).ca), 'utf8');
  const client = EtcdClient.connect({ endpoints: plan.members.map(endpointOf), tls: { ca } });
  try {
    await client.get('quorate', { signal, timeoutMs: patienceMs });
  } catch (error) {
    // What did not answer has refused nobody.
    if (error instanceof ClusterError && error.code !== 'timeout' && error.code !== 'cancelled') return;
    throw error;
  } finally {
    client.close();
  }
  throw unverified('a request without a certificate was answered', 'quorate doctor says what lets it in');
}

/** @returns as whom it was tried; undefined when the plan has nobody who may not do everything, and whose key is here */
async function refuseUnprivileged(plan: Plan, dir: string, signal: AbortSignal): Promise<string | undefined> {
  const user = plan.access.users.find(({ roles, key }) => !roles.includes(root) && key !== 'elsewhere');
  if (user === undefined) return undefined;
  const files = kitFiles(user.name);
  const read = (path: string): Promise<string> => readFile(join(dir, path), 'utf8');
  const [ca, cert, key] = await Promise.all([files.ca, files.certificate, files.key].map(read));
  const client = EtcdClient.connect({
    endpoints: plan.members.map(endpointOf),
    tls: { ca: ca ?? '', cert: cert ?? '', key: key ?? '' },
  });
  try {
    const { outcome, said } = await tryRefused(client, await rightsOfRoles(client, user.roles, signal), signal);
    if (outcome === 'failed') throw unverified(`as ${user.name}: ${said}`, 'quorate doctor looks for the reason');
    return outcome === 'ok' ? user.name : undefined;
  } finally {
    client.close();
  }
}
