import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Alarms } from '../../../cluster/alarms/alarms.js';
import { type Applied, Applier } from '../../../cluster/apply/applier.js';
import { encodeCommand } from '../../../cluster/apply/command.js';
import { Auth } from '../../../cluster/auth/auth.js';
import { Tokens } from '../../../cluster/auth/tokens.js';
import { ClusterError } from '../../../cluster/errors.js';
import { Deadlines, Leases } from '../../../cluster/lease/index.js';
import { Downgrade } from '../../../cluster/members/downgrade.js';
import { initialMembers, Members } from '../../../cluster/members/members.js';
import { index, memberId, term } from '../../../cluster/numbers.js';
import type { Action, Caller } from '../../../cluster/operations/action.js';
import { entryKindOf } from '../../../cluster/operations/members.js';
import type { Entry, EntryKind } from '../../../cluster/raft/types.js';
import { Backend } from '../../../cluster/store/backend.js';
import { Kv, type KvOptions } from '../../../cluster/store/kv.js';
import { temporaryFolder } from '../../certificates.js';

export const initial = initialMembers([{ name: 'm1', peerUrls: ['http://127.0.0.1:2380'] }], 'test');

/** The state of one member on a real store, fed with entries as a log would. */
export interface Replica {
  readonly backend: Backend;
  readonly kv: Kv;
  readonly leases: Leases;
  readonly auth: Auth;
  readonly tokens: Tokens;
  readonly members: Members;
  readonly alarms: Alarms;
  readonly downgrade: Downgrade;
  apply(entry: Entry): Applied | undefined;
  /** Applies the action as the next entry; its outcome is the result's kind, or the error's code. */
  run(action: Action, caller?: Caller): string;
  /** As the user, identified now. */
  as(user: string): Caller;
  restart(): Promise<Replica>;
}

export async function openReplica(t: ExecutionContext, options: KvOptions = {}, folder?: string): Promise<Replica> {
  const place = folder ?? join(await temporaryFolder(t), 'member');
  await mkdir(place, { recursive: true });
  const backend = await Backend.open({ path: join(place, 'data') });
  t.teardown(() => backend.close());
  const tokens = new Tokens({ now: () => 0 });
  const leases = new Leases(backend.table, new Deadlines(() => 0));
  const kv = new Kv(backend.table, { leaseExists: (id) => leases.has(id), ...options });
  const auth = new Auth(backend.table, tokens);
  const members = new Members(backend.table);
  backend.transact(backend.appliedIndex, () => members.initialise(initial));
  const alarms = new Alarms(backend.table);
  const downgrade = new Downgrade(backend.table);
  const applier = new Applier({ backend, kv, auth, leases, members, alarms, downgrade });
  const apply = (entry: Entry) => applier.apply(entry);
  return {
    backend,
    kv,
    leases,
    auth,
    tokens,
    members,
    alarms,
    downgrade,
    apply,
    run: (action, caller) => outcomeText(apply(commandEntry(backend.appliedIndex + 1, action, caller))),
    as: (user) => ({ user, authRevision: auth.revision }),
    restart: async () => {
      await backend.commit();
      await backend.close();
      return openReplica(t, options, place);
    },
  };
}

export const entry = (at: number, kind: EntryKind, data: Uint8Array = new Uint8Array()): Entry => ({
  index: index(at),
  term: term(1),
  kind,
  data,
});

export function commandEntry(at: number, action: Action, caller?: Caller): Entry {
  const proposal = { proposer: memberId(7n), sequence: 1000 + at };
  return entry(at, entryKindOf(action), encodeCommand({ proposal, caller, action }));
}

export function outcomeText(applied: Applied | undefined): string {
  if (applied === undefined) return 'nothing';
  const { outcome } = applied;
  return outcome instanceof ClusterError ? outcome.code : outcome.result.kind;
}
