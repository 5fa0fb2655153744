import { type LedgerEntry, stateOf } from '#pki';
import { withLedgerOf } from '../../authority.js';
import { findEntries } from '../../certificates/listing/find.js';
import { entryJson, leftCell, nameOf, stateCell } from '../../certificates/listing/rows.js';
import { columns } from '../../columns.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Terminal } from '../../terminal.js';
import type { Context, Given } from '../command.js';

function sayEntry(terminal: Terminal, entry: LedgerEntry, now: Date): void {
  const { serial, profile, organization, names, by, at, notBefore, notAfter, fingerprint, revocation } = entry;
  const rows = [
    ['serial', serial],
    ['subject', organization === undefined ? nameOf(entry) : `${nameOf(entry)} (${organization})`],
    ['profile', profile],
    ['state', stateCell(entry, now)],
    ...(revocation === undefined ? [] : [['revoked', `${revocation.at} by ${revocation.by}: ${revocation.reason}`]]),
    ['left', leftCell(entry, now)],
    ['valid', `${notBefore} to ${notAfter}`],
    ['issued', `${at}${by === undefined ? '' : ` by ${by}`}`],
    ...(names.length === 0 ? [] : [['names', names.join(', ')]]),
    ['sha-256', fingerprint],
  ];
  for (const line of columns(rows, terminal.paint.bind(terminal))) terminal.result(line);
}

/** `quorate cert show` */
export async function show(context: Context, given: Given): Promise<ExitCode> {
  const { terminal } = context;
  const now = context.now();
  const found = await withLedgerOf(context, (ledger) =>
    findEntries(ledger, String(given.certificate), now).map((entry) => ({
      entry,
      pem: ledger.certificateOf(entry.serial),
    })),
  );
  if (given.json === true) {
    terminal.json({ certificates: found.map(({ entry, pem }) => ({ ...entryJson(entry, now), pem })) });
    return exitCodes.done;
  }
  if (given.pem === true) {
    for (const { entry, pem } of found) {
      if (pem !== undefined) terminal.result(pem.trimEnd());
      else terminal.say(`the ledger does not keep ${entry.serial}: it was issued by a build that kept no certificates`);
    }
    return exitCodes.done;
  }
  for (const [index, { entry }] of found.entries()) {
    if (index > 0) terminal.result('');
    sayEntry(terminal, entry, now);
  }
  const current = found.filter(({ entry }) => stateOf(entry, now) === 'issued').length;
  if (found.length > 1) terminal.say(`${found.length} certificates, ${current} of them valid`);
  return exitCodes.done;
}
