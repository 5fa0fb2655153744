// What was revoked, and the list that says so. Whatever changes something is called inside a transaction.
import type { LedgerEntry, RevocationEntry } from './ledger-entry.js';
import type { LedgerTables } from './ledger-file.js';
import { entryOf } from './ledger-query.js';
import type { Revocation, Updates } from './signing/revocation-list.js';

/** The revocation list that was made last. */
export interface ListState {
  /** Rises with each list (RFC 5280 5.2.3). */
  readonly number: number;
  /** ISO 8601, UTC, as is `nextUpdate`. Unknown of a list that was made before the ledger knew them. */
  readonly thisUpdate?: string;
  readonly nextUpdate?: string;
  /** How long each list is to hold; without it until the authority ends. */
  readonly days?: number;
  /** Something was revoked since, or the list was not written to its end: there has to be another one. */
  readonly pending: boolean;
}

/** A list that is about to be made. */
export interface NextList {
  readonly number: number;
  readonly revocations: readonly Revocation[];
  readonly updates: Updates;
  /** How many were revoked then, those that are not listed any more included. */
  readonly revoked: number;
}

/** Lists of before the ledger knew them were the first of their authority. */
const first: ListState = { number: 1, pending: false };

export const listStateOf = ({ about }: LedgerTables): ListState =>
  (about.get('list') as ListState | undefined) ?? first;

export function putListState({ about }: LedgerTables, state: ListState): void {
  about.put('list', state);
}

/** Revokes those that are not revoked yet, and gives them back. */
export function revokeAll(
  tables: LedgerTables,
  serials: readonly string[],
  revocation: RevocationEntry,
): readonly string[] {
  const fresh = serials.filter((serial) => !tables.revoked.doesExist(serial));
  for (const serial of fresh) tables.revoked.put(serial, revocation);
  if (fresh.length > 0) putListState(tables, { ...listStateOf(tables), pending: true });
  return fresh;
}

export interface ListOptions {
  readonly now: Date;
  /** From now on; otherwise as before. */
  readonly days?: number | undefined;
  /** No list holds longer. */
  readonly authorityEnds: Date;
}

const dayMs = 86_400_000;

/** Takes the next number: a list that is never finished leaves a gap, which is allowed. */
export function beginList(tables: LedgerTables, { now, days: wanted, authorityEnds }: ListOptions): NextList {
  const last = listStateOf(tables);
  const days = wanted ?? last.days;
  const ends = days === undefined ? authorityEnds.getTime() : now.getTime() + days * dayMs;
  const updates = { thisUpdate: now, nextUpdate: new Date(Math.min(ends, authorityEnds.getTime())) };
  const number = last.number + 1;
  putListState(tables, {
    number,
    thisUpdate: now.toISOString(),
    nextUpdate: updates.nextUpdate.toISOString(),
    ...(days === undefined ? {} : { days }),
    pending: true,
  });
  return { number, revocations: listed(tables, last, now), updates, revoked: revokedCount(tables) };
}

/** Once the list is where it belongs, and no other one was begun since. */
export function endList(tables: LedgerTables, { number, revoked }: NextList): void {
  const state = listStateOf(tables);
  const isLast = state.number === number && revokedCount(tables) === revoked;
  if (isLast) putListState(tables, { ...state, pending: false });
}

const revokedCount = ({ revoked }: LedgerTables): number => (revoked.getStats() as { entryCount: number }).entryCount;

/** All but those that had expired when the last list with them was made (RFC 5280 3.3), whatever the clock was then. */
function listed(tables: LedgerTables, last: ListState, now: Date): Revocation[] {
  const before = Math.min(now.getTime(), last.thisUpdate === undefined ? 0 : Date.parse(last.thisUpdate));
  return [...tables.revoked.getRange()].flatMap(({ key, value }) => {
    const entry = entryOf(tables, String(key));
    if (entry !== undefined && hasEnded(entry, before)) return [];
    const { at, reason } = value as RevocationEntry;
    return [{ serial: String(key), revokedAt: new Date(at), reason }];
  });
}

const hasEnded = ({ notAfter }: LedgerEntry, before: number): boolean => Date.parse(notAfter) < before;
