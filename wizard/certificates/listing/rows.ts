import { type LedgerEntry, type Reservation, stateOf } from '#pki';
import type { Cell } from '../../columns.js';

// An entry of the ledger as a person and as a program see it.

const dayMs = 86_400_000;
/** When days left are shown as a warning, and as an alarm. */
const [warnDays, alarmDays] = [30, 7];

/** Whole days until its end, negative once it has passed. */
export const daysLeftOf = ({ notAfter }: LedgerEntry, now: Date): number =>
  Math.floor((Date.parse(notAfter) - now.getTime()) / dayMs);

export const entryJson = (entry: LedgerEntry, now: Date): object => ({
  ...entry,
  state: stateOf(entry, now),
  daysLeft: daysLeftOf(entry, now),
});

export const reservationJson = (reservation: Reservation): object => ({ ...reservation, state: 'reserved' });

export const headings = ['SERIAL', 'SUBJECT', 'PROFILE', 'STATE', 'LEFT', 'ENDS', 'ISSUED', 'BY'];

export const entryRow = (entry: LedgerEntry, now: Date): (string | Cell)[] => [
  entry.serial,
  nameOf(entry),
  entry.profile,
  stateCell(entry, now),
  leftCell(entry, now),
  entry.notAfter.slice(0, 10),
  entry.at.slice(0, 10),
  entry.by ?? '-',
];

export const reservationRow = ({ serial, at, by }: Reservation): (string | Cell)[] => [
  ...[serial, '-', '-', 'reserved', '-', '-', at.slice(0, 10), by],
];

/** A proxy's certificate has no common name. */
export const nameOf = ({ subject, names }: LedgerEntry): string => (subject === '' ? (names[0] ?? '-') : subject);

export function stateCell(entry: LedgerEntry, now: Date): Cell {
  const state = stateOf(entry, now);
  if (state === 'issued') return { text: state, style: 'green' };
  if (state === 'expired') return { text: state, style: 'dim' };
  return { text: `revoked ${entry.revocation?.at.slice(0, 10)}`, style: 'red' };
}

export function leftCell(entry: LedgerEntry, now: Date): Cell {
  const days = daysLeftOf(entry, now);
  if (stateOf(entry, now) === 'revoked') return { text: '-', style: 'dim' };
  if (days < 0) return { text: `${-days} days ago`, style: 'dim' };
  const text = days === 1 ? '1 day' : `${days} days`;
  return { text, style: days < alarmDays ? 'red' : days < warnDays ? 'yellow' : 'green' };
}
