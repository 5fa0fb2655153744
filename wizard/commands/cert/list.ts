import type { Ledger, LedgerEntry, Reservation } from '#pki';
import { withLedgerOf } from '../../authority.js';
import { type Listing, parseListing } from '../../certificates/listing/query.js';
import { entryJson, entryRow, headings, reservationJson, reservationRow } from '../../certificates/listing/rows.js';
import { columns } from '../../columns.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Context, Given } from '../command.js';

interface Page {
  readonly entries: readonly LedgerEntry[];
  readonly reservations: readonly Reservation[];
  /** Whether there is another page. */
  readonly more: boolean;
}

function readPage(ledger: Ledger, { query, fits, reserved, limit, page }: Listing): Page {
  const reservations = reserved === 'no' ? [] : ledger.reservations();
  if (reserved === 'only') {
    const begin = (page - 1) * limit;
    const more = reservations.length > begin + limit;
    return { entries: [], reservations: reservations.slice(begin, begin + limit), more };
  }
  const entries: LedgerEntry[] = [];
  let skip = (page - 1) * limit;
  for (const entry of ledger.select(query)) {
    if (!fits(entry)) continue;
    if (skip > 0) skip -= 1;
    else if (entries.length === limit) return { entries, reservations: [], more: true };
    else entries.push(entry);
  }
  return { entries, reservations, more: false };
}

/** `quorate cert list` */
export async function list(context: Context, given: Given): Promise<ExitCode> {
  const { terminal } = context;
  const now = context.now();
  const listing = parseListing(given, now);
  const { entries, reservations, more } = await withLedgerOf(context, (ledger) => readPage(ledger, listing));
  if (given.json === true) {
    const certificates = [...entries.map((entry) => entryJson(entry, now)), ...reservations.map(reservationJson)];
    terminal.json({ page: listing.page, more, certificates });
    return exitCodes.done;
  }
  const rows = [...entries.map((entry) => entryRow(entry, now)), ...reservations.map(reservationRow)];
  const paint = terminal.paint.bind(terminal);
  if (rows.length > 0) for (const line of columns([headings, ...rows], paint)) terminal.result(line);
  else terminal.say('there is none like that');
  if (more) terminal.say(`there are more: --page ${listing.page + 1} has the next ones, --limit makes pages longer`);
  return exitCodes.done;
}
