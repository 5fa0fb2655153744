import type { Row } from '../bolt/index.js';
import { Leases } from '../lease/index.js';
import { type Member, Members } from '../members/members.js';
import { type Index, idText, type MemberId, revision, type Term } from '../numbers.js';
import { type Change, Revisions } from '../store/index.js';
import type { Table } from '../tables.js';
import { leasepb } from '../wire/generated/messages.js';
import { fromId } from '../wire/long.js';
import { historyRows } from './history-rows.js';
import { encodeRevision } from './key-value.js';
import { pause } from './pause.js';
import type { View } from './view.js';

// The state as etcd keeps it: its buckets, their keys and values, as of etcd 3.6. Nothing here is refused by 3.4, which
// reads what it knows and keeps the rest.

export type Lots = Iterable<readonly Row[]> | AsyncIterable<readonly Row[]>;

export interface Bucket {
  readonly name: string;
  readonly lots: Lots;
}

/** What etcd says of a file's layout: 3.6 was the first to say it, and nothing has changed since. */
export const storageVersion = '3.6.0';

const nothing = new Uint8Array();

/** Keys of the bucket `meta`. */
export const metaKeys = {
  index: 'consistent_index',
  term: 'term',
  scheduled: 'scheduledCompactRev',
  finished: 'finishedCompactRev',
  version: 'storageVersion',
} as const;

/**
 * Of etcd's buckets all are there, filled or not. `cluster` stays empty: its version would keep an etcd of an older one
 * from starting on the file, and a new cluster finds its own. The raft's members (`confState`) are those of the cluster
 * that is made of the file, and never of this one.
 */
export function bucketsOf(view: View, term: Term, signal?: AbortSignal): readonly Bucket[] {
  const tableRows = (name: string): Row[] => [...view.table(name).range()].map(([key, value]) => [key, value]);
  const members = new Members(view.table);
  return [
    { name: 'alarm', lots: [tableRows('alarms').map(([key]): Row => [key, nothing])] },
    { name: 'auth', lots: [authRows(view.table('auth'))] },
    { name: 'authRoles', lots: [tableRows('authRoles')] },
    { name: 'authUsers', lots: [tableRows('authUsers')] },
    { name: 'cluster', lots: [] },
    { name: 'key', lots: keyLots(view, signal) },
    { name: 'lease', lots: [leaseRows(view)] },
    { name: 'members', lots: [memberRows(members.list())] },
    { name: 'members_removed', lots: [removedRows(members.removed)] },
    { name: 'meta', lots: [metaRows(view, term)] },
  ];
}

const text = (value: string): Buffer => Buffer.from(value);

function number(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** A compaction counts as finished here, so only what it keeps goes in: with the deletions at its own revision. */
async function* keyLots(view: View, signal: AbortSignal | undefined): AsyncGenerator<readonly Row[]> {
  const revisions = new Revisions(view.table);
  const { compacted = revision(0), latest } = revisions;
  const counts = (change: Change): boolean =>
    change.place.main >= compacted || !revisions.pending || revisions.stands(change, compacted);
  for (const rows of historyRows(revisions, latest, counts)) {
    yield rows;
    await pause(signal);
  }
}

/** etcd knows no initial access, which is marked in this table too. */
function authRows(table: Table): readonly Row[] {
  const own = ['authEnabled', 'authRevision'].map(text);
  return own.flatMap((key) => {
    const value = table.get(key);
    return value === undefined ? [] : [[key, value] as const];
  });
}

function leaseRows({ table }: View): readonly Row[] {
  const unfollowed = { granted: () => {}, revoked: () => {}, replaced: () => {} };
  return [...new Leases(table, unfollowed).list()]
    .map(({ id, seconds, remainingSeconds }): Row => {
      const key = Buffer.alloc(8);
      key.writeBigUInt64BE(BigInt.asUintN(64, id));
      const lease = {
        ID: fromId(id),
        TTL: seconds,
        ...(remainingSeconds > 0 ? { RemainingTTL: remainingSeconds } : {}),
      };
      return [key, leasepb.Lease.encode(lease).finish()];
    })
    .sort(byKey);
}

/** etcd keeps its members as JSON, with the id as a number of 64 bits. */
const memberRows = (members: readonly Member[]): readonly Row[] =>
  members
    .map(({ id, name, peerUrls, clientUrls, isLearner }): Row => {
      const fields = {
        peerURLs: peerUrls,
        ...(isLearner ? { isLearner } : {}),
        ...(name === '' ? {} : { name }),
        ...(clientUrls.length === 0 ? {} : { clientURLs: clientUrls }),
      };
      return [text(idText(id)), text(`{"id":${BigInt.asUintN(64, id)},${JSON.stringify(fields).slice(1)}`)];
    })
    .sort(byKey);

/** Their ids never come again. */
const removedRows = (ids: ReadonlySet<MemberId>): readonly Row[] =>
  [...ids].map((id): Row => [text(idText(id)), text('removed')]).sort(byKey);

function metaRows(view: View, term: Term): readonly Row[] {
  const { compacted } = new Revisions(view.table);
  const compaction = compacted === undefined ? [] : [metaKeys.scheduled, metaKeys.finished];
  return [
    [text(metaKeys.index), number(indexOf(view.index))] as const,
    [text(metaKeys.term), number(term)] as const,
    [text(metaKeys.version), text(storageVersion)] as const,
    ...compaction.map((key) => [text(key), encodeRevision({ main: compacted ?? revision(0), sub: 0 }, false)] as const),
  ].sort(byKey);
}

/** etcd takes 0 for "not known". */
const indexOf = (index: Index): number => Math.max(1, index);

const byKey = ([a]: Row, [b]: Row): number => Buffer.compare(a, b);
