import { join } from 'node:path';
import { type Authority, type Ledger, openAuthority, openLedger } from '#pki';
import { pkiFolder } from './layout.js';
import { noPassphrases, type PassphraseSource } from './passphrases.js';

// The one place that opens DIR's authority: whatever that takes is asked for here, once.

/** What opening an authority needs of a command's context. */
export interface Opener {
  /** DIR, absolute. */
  readonly dir: string;
  /** Nobody is asked without one. */
  readonly passphrases?: PassphraseSource | undefined;
}

/**
 * Opens DIR's authority to sign.
 * @throws PkiError `authority-absent`, `authority-broken`, `passphrase-needed`, `passphrase-wrong`, `ledger-damaged`, or what
 * the disk says · WizardError `cancelled`
 */
export const openAuthorityOf = ({ dir, passphrases = noPassphrases }: Opener): Promise<Authority> =>
  passphrases.open((passphrase) => openAuthority(join(dir, pkiFolder), passphrase));

/**
 * Opens the ledger of DIR's authority, which takes no key.
 * @throws PkiError `authority-absent`, `ledger-damaged`, or what the disk says
 */
export async function withLedgerOf<Result>(
  { dir }: Pick<Opener, 'dir'>,
  work: (ledger: Ledger) => Result | Promise<Result>,
): Promise<Result> {
  const ledger = await openLedger(join(dir, pkiFolder));
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}
