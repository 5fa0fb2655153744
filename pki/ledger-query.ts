// Finding entries: through the index that fits, so that a page of many is read without the rest.
import type { Key } from 'lmdb';
import { type CertificateState, decodeEntry, type LedgerEntry, type RevocationEntry, stateOf } from './ledger-entry.js';
import type { LedgerTables } from './ledger-file.js';

export type LedgerOrder = 'expiry' | 'issue' | 'subject';

/** Which certificates, and in which order. What is left out does not matter. */
export interface LedgerQuery {
  readonly now: Date;
  readonly profiles?: readonly string[] | undefined;
  /** The common name, exactly. */
  readonly subject?: string | undefined;
  /** How the common name begins. */
  readonly subjectPrefix?: string | undefined;
  readonly states?: readonly CertificateState[] | undefined;
  /** Ends at this time or before. */
  readonly endsUntil?: Date | undefined;
  /** By default in the order in which they end. */
  readonly order?: LedgerOrder | undefined;
  readonly reverse?: boolean | undefined;
}

/** An entry, if there is one. @throws PkiError `ledger-damaged` */
export function entryOf(tables: LedgerTables, serial: string): LedgerEntry | undefined {
  const row = tables.entries.get(serial);
  if (row === undefined) return undefined;
  const revocation = tables.revoked.get(serial) as RevocationEntry | undefined;
  return { ...decodeEntry(serial, row, tables.path), ...(revocation === undefined ? {} : { revocation }) };
}

/** Read it to its end or leave it at once: what is written meanwhile does not appear in it. */
export function* select(tables: LedgerTables, query: LedgerQuery): Generator<LedgerEntry> {
  for (const serial of serialsFor(tables, query)) {
    const entry = entryOf(tables, serial);
    if (entry !== undefined && fits(entry, query)) yield entry;
  }
}

function fits(entry: LedgerEntry, { profiles, subject, subjectPrefix, states, endsUntil, now }: LedgerQuery): boolean {
  return (
    (profiles === undefined || profiles.includes(entry.profile)) &&
    (subject === undefined || entry.subject === subject) &&
    (subjectPrefix === undefined || entry.subject.startsWith(subjectPrefix)) &&
    (states === undefined || states.includes(stateOf(entry, now))) &&
    (endsUntil === undefined || Date.parse(entry.notAfter) <= endsUntil.getTime())
  );
}

/** Those that may fit, in the order that is asked for. */
function serialsFor(tables: LedgerTables, query: LedgerQuery): Iterable<string> {
  const { order = 'expiry', subject, subjectPrefix, states, reverse = false } = query;
  if (states?.length === 1 && states[0] === 'revoked') return revokedFor(tables, query);
  if (subject !== undefined) return sorted(tables, ofSubject(tables, subject), query);
  if (order === 'issue') return tables.entries.getKeys({ reverse }) as Iterable<string>;
  if (order === 'subject') return last(tables.subjects.getKeys(prefixRange(subjectPrefix ?? '', reverse)));
  if (subjectPrefix !== undefined && subjectPrefix !== '')
    return sorted(tables, last(tables.subjects.getKeys(prefixRange(subjectPrefix, false))), query);
  return merged(tables, query);
}

/** Few are put in order here; of many the first ones are soon found among all. */
const fewMax = 100;

function revokedFor(tables: LedgerTables, query: LedgerQuery): Iterable<string> {
  const { entryCount } = tables.revoked.getStats() as { entryCount: number };
  if (entryCount <= fewMax) return sorted(tables, tables.revoked.getKeys(), query);
  const { states: _, ...any } = query;
  return onlyRevoked(tables, serialsFor(tables, any));
}

function* onlyRevoked({ revoked }: LedgerTables, serials: Iterable<string>): Generator<string> {
  for (const serial of serials) if (revoked.doesExist(serial)) yield serial;
}

/** Behind every text: a code point that no name has. */
const end = '\u{10ffff}';

const ofSubject = ({ subjects }: LedgerTables, subject: string): Iterable<string> =>
  last(subjects.getKeys({ start: [subject], end: [subject, end] }));

function prefixRange(prefix: string, reverse: boolean) {
  const [first, behind]: [Key, Key] = [[prefix], [`${prefix}${end}`]];
  return reverse ? { start: behind, end: first, reverse } : { start: first, end: behind };
}

/** The serial is the last part of an index's key. */
function* last(keys: Iterable<Key>): Generator<string> {
  for (const key of keys) yield String((key as Key[]).at(-1));
}

const orders: Readonly<Record<LedgerOrder, (a: LedgerEntry, b: LedgerEntry) => number>> = {
  expiry: (a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter) || compare(a.serial, b.serial),
  issue: (a, b) => compare(a.serial, b.serial),
  subject: (a, b) => compare(a.subject, b.subject) || compare(a.serial, b.serial),
};
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function sorted(tables: LedgerTables, serials: Iterable<Key>, { order = 'expiry', reverse }: LedgerQuery): string[] {
  const entries = [...serials].flatMap((serial) => entryOf(tables, String(serial)) ?? []);
  entries.sort(orders[order]);
  return (reverse ? entries.reverse() : entries).map(({ serial }) => serial);
}

/** In the order of their ends: of each profile the next one that ends. */
function* merged(tables: LedgerTables, query: LedgerQuery): Generator<string> {
  const { reverse = false, profiles = allProfiles(tables) } = query;
  const [from, until] = endsOf(query);
  const heads = profiles.map((profile) => {
    const [first, behind]: [Key, Key] = [
      [profile, from],
      [profile, until, end],
    ];
    const range = reverse ? { start: behind, end: first, reverse } : { start: first, end: behind };
    const keys = (tables.profiles.getKeys(range) as Iterable<Key[]>)[Symbol.iterator]();
    return { keys, next: keys.next() };
  });
  try {
    for (;;) {
      const open = heads.filter(({ next }) => next.done !== true);
      const [head] = open.sort((a, b) => (reverse ? -1 : 1) * compareEnds(a.next.value, b.next.value));
      if (head === undefined) return;
      yield String((head.next.value as Key[])[2]);
      head.next = head.keys.next();
    }
  } finally {
    for (const { keys } of heads) keys.return?.();
  }
}

const compareEnds = ([, a, one]: Key[], [, b, other]: Key[]): number =>
  Number(a) - Number(b) || compare(String(one), String(other));

/** From when to when those end that may fit, in milliseconds. */
function endsOf({ states, endsUntil, now }: LedgerQuery): [from: number, until: number] {
  const limit = endsUntil?.getTime() ?? Number.MAX_SAFE_INTEGER;
  if (states?.length === 1 && states[0] === 'issued') return [now.getTime(), limit];
  if (states?.length === 1 && states[0] === 'expired') return [0, Math.min(now.getTime(), limit)];
  return [0, limit];
}

/** The first key of each, one look-up a profile. */
function allProfiles({ profiles }: LedgerTables): string[] {
  const found: string[] = [];
  for (let start: Key = ['']; ; ) {
    const [key] = profiles.getKeys({ start, limit: 1 });
    if (key === undefined) return found;
    const profile = String((key as Key[])[0]);
    found.push(profile);
    start = [profile, end];
  }
}
