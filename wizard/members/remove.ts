import type { MemberInfo } from '#cluster';
import type { LedgerEntry } from '#pki';
import { stateOf } from '#pki';
import { setAside } from '../apply/set-aside.js';
import { withLedgerOf } from '../authority.js';
import { withList } from '../certificates/revoking/locked.js';
import { memberData } from '../layout.js';
import type { PassphraseSource } from '../passphrases.js';
import { withoutMember } from '../plan/edit-text.js';
import type { Plan } from '../plan/plan.js';
import { connectAsRoot } from '../run/cluster-client.js';
import { stopMember } from '../run/member-process.js';
import { editPlan } from '../users/edit-plan.js';
import { checkQuorumWithout, liveMember } from './live.js';
import { patiently } from './patiently.js';

export interface RemoveMemberOptions {
  /** Absolute. */
  readonly dir: string;
  readonly name: string;
  readonly now: Date;
  readonly passphrases: PassphraseSource;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** What was done. */
export interface MemberRemoval {
  readonly wasLive: boolean;
  readonly revoked: readonly string[];
  /** Where its data is now, if it was here. */
  readonly data: string | undefined;
  readonly plan: Plan;
}

const profiles: readonly string[] = ['server', 'peer'];

/** Its certificates that are still good. */
const certificatesOf = ({ dir, name, now }: RemoveMemberOptions): Promise<readonly LedgerEntry[]> =>
  withLedgerOf({ dir }, (ledger) =>
    [...ledger.select({ now, subject: name })].filter(
      (entry) => profiles.includes(entry.profile) && stateOf(entry, now) === 'issued',
    ),
  );

/** One that has never started has no name yet, and stands at its address. */
function unstarted(members: readonly MemberInfo[], { members: planned }: Plan, name: string): MemberInfo | undefined {
  const member = planned.find((each) => each.name === name);
  const live = member === undefined ? undefined : liveMember(members, member);
  return live?.name === '' ? live : undefined;
}

/**
 * Takes a member out: of the cluster first, which goes on without it; then what it could come back with. The same call completes
 * what was interrupted.
 * @throws WizardError `unhealthy` when the others could not go on, `busy` · ClusterError · PkiError
 */
export async function removeMember(options: RemoveMemberOptions, plan: Plan): Promise<MemberRemoval> {
  const { dir, name, now, passphrases, signal, progress } = options;
  const client = await connectAsRoot(plan, dir);
  let wasLive = false;
  try {
    const has = async (): Promise<MemberInfo | undefined> => {
      const members = await client.memberList({ signal });
      return members.find((each) => each.name === name) ?? unstarted(members, plan, name);
    };
    await patiently(
      async () => (await has()) === undefined,
      async () => {
        const live = await has();
        if (live === undefined) return;
        await checkQuorumWithout(client, await client.memberList({ signal }), live, signal);
        progress(`removing ${name} from the cluster`);
        await client.memberRemove(live.id, { signal });
        wasLive = true;
      },
      options,
    );
  } finally {
    client.close();
  }
  if (plan.cluster.run === 'local') await stopMember(dir, name);
  const serials = (await certificatesOf(options)).map(({ serial }) => serial);
  const { result: revoked } = await withList(
    { dir, passphrases, plan, now },
    ({ ledger }) => ledger.revoke(serials, 'cessation-of-operation', now),
    false,
  );
  const data = await setAside(dir, memberData(name), now);
  return { wasLive, revoked, data, plan: await editPlan(dir, (text) => withoutMember(text, name)) };
}
