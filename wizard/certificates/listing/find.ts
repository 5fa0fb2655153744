import { type Ledger, type LedgerEntry, parseSerial, stateOf } from '#pki';
import { WizardError } from '../../errors.js';

/**
 * The certificate with this serial, in whatever spelling; else those of this name: all that are valid, or without any the last one.
 * @throws WizardError `no-such-certificate`
 */
export function findEntries(ledger: Ledger, wanted: string, now: Date): readonly LedgerEntry[] {
  const serial = parseSerial(wanted);
  const exact = serial === undefined ? undefined : ledger.find(serial);
  if (exact !== undefined) return [exact];
  const named = [...ledger.select({ now, subject: wanted, order: 'issue', reverse: true })];
  const valid = named.filter((entry) => stateOf(entry, now) === 'issued');
  if (named.length > 0) return valid.length > 0 ? valid : named.slice(0, 1);
  throw noSuchCertificate(ledger, wanted, serial);
}

function noSuchCertificate(ledger: Ledger, wanted: string, serial: string | undefined): WizardError {
  const reserved = ledger.reservations().find((each) => each.serial === serial);
  const hint =
    reserved === undefined
      ? 'quorate cert list shows them; a name is written as in the certificate, a serial in hexadecimal'
      : `the serial was taken at ${reserved.at} by ${reserved.by}, who did not come to hand out a certificate`;
  const what = `there is no certificate ${JSON.stringify(wanted)} in the ledger`;
  return new WizardError('no-such-certificate', what, { wanted }, { hint });
}
