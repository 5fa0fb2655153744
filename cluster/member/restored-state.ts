import { Auth } from '../auth/auth.js';
import { Tokens } from '../auth/tokens.js';
import { Leases } from '../lease/index.js';
import type { Reading, SnapshotReader } from '../maintenance/index.js';
import { pause } from '../maintenance/index.js';
import { type Member, Members } from '../members/members.js';
import { index, type Revision, revision } from '../numbers.js';
import { Backend, Intake, Kv } from '../store/index.js';

export interface StateOrder {
  /** The data file, which is not there yet. */
  readonly path: string;
  readonly members: readonly Member[];
  /** Raises the revision by so much and compacts up to there; 0: does not. */
  readonly bump: number;
}

/** What has come over. */
export interface RestoredState {
  readonly revision: Revision;
  readonly changes: number;
  readonly leases: number;
  readonly users: number;
  readonly roles: number;
  readonly authEnabled: boolean;
}

/** What the cluster has applied when it begins: the first entry, whose effect all of this is. */
export const restoredIndex = index(1);

const pendingBytesMax = 32 << 20;
const sweepBudget = 500;

/**
 * Fills a new data file with what a snapshot holds. Alarms stay behind, they are of other members; so does what was said of
 * the old cluster's members and versions.
 * @throws ClusterError snapshot-damaged, disk-full, cancelled
 */
export async function restoreState(
  snapshot: SnapshotReader,
  { path, members, bump }: StateOrder,
  reading: Reading,
): Promise<RestoredState> {
  const backend = await Backend.open({ path });
  try {
    const changes = await takeHistory(snapshot, backend, bump, reading);
    const leases = takeLeases(snapshot, backend);
    takeAccess(snapshot, backend);
    backend.transact(restoredIndex, () => new Members(backend.table).initialise(members));
    await backend.commit();
    const kv = await swept(backend, reading);
    const auth = new Auth(backend.table, new Tokens({ now: () => 0 }));
    return {
      ...{ revision: kv.revision, changes, leases, authEnabled: auth.enabled },
      ...{ users: auth.users().length, roles: auth.roles().length },
    };
  } finally {
    await backend.close();
  }
}

async function takeHistory(snapshot: SnapshotReader, backend: Backend, bump: number, reading: Reading) {
  const found = snapshot.compaction;
  const latest = await latestOf(snapshot, reading);
  const raised = bump === 0 ? latest.marked : latest.revision + bump;
  const compacted = raised === 0 ? found.compacted : revision(Math.max(raised, found.compacted ?? 0));
  const intake = backend.transact(restoredIndex, () => {
    const made = new Intake(backend.table, { ...found, compacted });
    if (raised > 0) made.raise(revision(raised));
    return made;
  });
  let changes = 0;
  for (const portion of snapshot.changes()) {
    const own = portion.filter(({ key }) => key.length > 0);
    backend.transact(restoredIndex, () => {
      for (const change of own) intake.add(change.place, change);
    });
    changes += own.length;
    reading.progress?.(changes, latest.changes);
    if (backend.pendingBytes > pendingBytesMax) await backend.commit();
    await pause(reading.signal);
  }
  return changes;
}

/** `marked`: the revision that a restore has raised the store to, which etcdutl and we note by a change of no key. */
async function latestOf(snapshot: SnapshotReader, { signal }: Reading) {
  let [latest, marked, changes] = [1, 0, 0];
  for (const portion of snapshot.changes()) {
    for (const { place, key } of portion) {
      latest = place.main;
      if (key.length === 0) marked = place.main;
    }
    changes += portion.length;
    await pause(signal);
  }
  return { revision: Math.max(latest, snapshot.compaction.compacted ?? 0), marked, changes };
}

function takeLeases(snapshot: SnapshotReader, backend: Backend): number {
  const found = snapshot.leases();
  const leases = new Leases(backend.table, { granted: () => {}, revoked: () => {}, replaced: () => {} });
  backend.transact(restoredIndex, () => {
    for (const { id, seconds, remainingSeconds } of found) {
      leases.grant(id, seconds);
      if (remainingSeconds > 0) leases.checkpoint(id, remainingSeconds);
    }
  });
  return found.length;
}

/** The tables are etcd's own. That they are filled is marked: whoever starts on them brings no access of its own. */
function takeAccess({ file }: SnapshotReader, backend: Backend): void {
  backend.transact(restoredIndex, () => {
    for (const name of ['auth', 'authUsers', 'authRoles']) {
      for (const [key, value] of file.rows(name)) backend.table(name).put(key, value);
    }
    new Auth(backend.table, new Tokens({ now: () => 0 })).bootstrap(undefined);
  });
}

async function swept(backend: Backend, { signal }: Reading): Promise<Kv> {
  const kv = new Kv(backend.table);
  while (kv.compactionPending) {
    backend.transact(restoredIndex, () => kv.compactStep(sweepBudget));
    if (backend.pendingBytes > pendingBytesMax) await backend.commit();
    await pause(signal);
  }
  await backend.commit();
  return kv;
}
