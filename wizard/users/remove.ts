import { ClusterError, type LeaseInfo, within } from '#cluster';
import { type LedgerEntry, stateOf } from '#pki';
import { setAside } from '../apply/set-aside.js';
import { withLedgerOf } from '../authority.js';
import { type ListOutcome, withList } from '../certificates/revoking/locked.js';
import { kitFolder } from '../layout.js';
import type { PassphraseSource } from '../passphrases.js';
import { withoutUser } from '../plan/edit-text.js';
import { type Plan, usersOf } from '../plan/plan.js';
import { restartAll } from '../rotation/members.js';
import { connectAsRoot } from '../run/cluster-client.js';
import { editPlan } from './edit-plan.js';
import { type FoundLeases, leasesWithin } from './leases.js';
import { rightsOfRoles } from './rights-of.js';

export interface RemoveOptions {
  /** Absolute. */
  readonly dir: string;
  readonly name: string;
  readonly now: Date;
  readonly passphrases: PassphraseSource;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

const patienceMs = 10_000;

/** The user's certificates that are still good. */
export const validCertificates = ({ dir, name, now }: Pick<RemoveOptions, 'dir' | 'name' | 'now'>) =>
  withLedgerOf({ dir }, (ledger): readonly LedgerEntry[] =>
    [...ledger.select({ now, subject: name })].filter(
      (entry) => entry.profile === 'client' && stateOf(entry, now) === 'issued',
    ),
  );

/** Whether this authority ever had a user of that name. */
export const wasIssued = ({ dir, name, now }: Pick<RemoveOptions, 'dir' | 'name' | 'now'>) =>
  withLedgerOf({ dir }, (ledger) =>
    [...ledger.select({ now, subject: name })].some(({ profile }) => profile === 'client'),
  );

/** What was done, and whether the store was there to be told. */
export interface Removal extends Pick<ListOutcome<unknown>, 'listed' | 'delivered'> {
  readonly revoked: readonly string[];
  readonly store: 'removed' | 'not-there' | { readonly unreachable: string };
  /** Whether watches that were open are closed: etcd asks for permission when one begins, and not again. */
  readonly watchesEnded: boolean;
  /** That hold keys which this user could write. */
  readonly leases: readonly LeaseInfo[];
  /** How many leases of the store were not looked at. */
  readonly leasesUnseen: number;
  /** Where the kit is now. */
  readonly kit: string | undefined;
  readonly plan: Plan;
}

/**
 * Takes a user out: first what lets them in, then the rest. Each step looks for itself at what is left to do, so that the same
 * call completes what was interrupted.
 * @throws WizardError `busy`, `rotation` · PkiError · ClusterError what a store that runs says
 */
export async function removeUser(options: RemoveOptions, plan: Plan): Promise<Removal> {
  const { dir, name, now, passphrases } = options;
  const isDeclared = usersOf(plan).some((user) => user.name === name);
  const serials = (await validCertificates(options)).map(({ serial }) => serial);
  const {
    result: revoked,
    listed,
    delivered,
  } = await withList(
    { dir, passphrases, plan, now },
    ({ ledger }) => ledger.revoke(serials, 'cessation-of-operation', now),
    false,
  );
  const { store, leases, unseen } = await removeFromStore(options, plan);
  // Whom an interrupted removal has left in the plan may have been in the store.
  const mayWatch = store === 'removed' || (store === 'not-there' && isDeclared);
  const watchesEnded = plan.cluster.engine === 'included' || (mayWatch && (await restartAll({ ...options, plan })));
  const next = await editPlan(dir, (text) => withoutUser(text, name));
  return {
    revoked,
    listed,
    delivered,
    store,
    watchesEnded,
    leases,
    leasesUnseen: unseen,
    kit: await setAside(dir, kitFolder(name), now),
    plan: next,
  };
}

const noLeases: FoundLeases = { leases: [], unseen: 0 };

function noneTold(error: unknown): FoundLeases {
  if (error instanceof ClusterError) return noLeases;
  throw error;
}

type FromStore = Pick<Removal, 'store'> & FoundLeases;

/** Their tokens are worth nothing from then on, and their watches end. */
async function removeFromStore({ dir, name, signal }: RemoveOptions, plan: Plan): Promise<FromStore> {
  const client = await connectAsRoot(plan, dir);
  try {
    return await within(patienceMs, signal, async (late) => {
      const roles = await client.auth.userGet(name, { signal: late });
      const rights = await rightsOfRoles(client, roles, late);
      await client.auth.userDelete(name, { signal: late });
      // Whoever is out is out, whether or not their leases can be named.
      const found = await leasesWithin(client, rights, late).catch(noneTold);
      return { store: 'removed', ...found };
    });
  } catch (error) {
    if (signal.aborted || !(error instanceof ClusterError)) throw error;
    if (error.code === 'user-not-found') return { store: 'not-there', ...noLeases };
    if (!['connection-failed', 'timeout', 'no-leader', 'cancelled'].includes(error.code)) throw error;
    return { store: { unreachable: error.message }, ...noLeases };
  } finally {
    client.close();
  }
}
