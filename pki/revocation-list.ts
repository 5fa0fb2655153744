// Makes the revocation list anew, in the authority's folder.
import { join } from 'node:path';
import type { Authority } from './authority.js';
import { authorityFiles } from './authority-folder.js';
import { publicMode, replaceFile } from './files.js';

export interface RenewListOptions {
  readonly authority: Authority;
  /** The authority's. */
  readonly folder: string;
  readonly now: Date;
  /** How long this list and those after it hold. By default as before, at first until the authority ends. */
  readonly days?: number | undefined;
}

/**
 * Signs a list of everything that is revoked, with the next number, and puts it in place in both forms. Killed on its way, it
 * leaves the ledger saying that a list is due (`listState().pending`).
 *
 * @returns how many certificates are on it
 * @throws PkiError what the disk says
 */
export async function renewRevocationList({ authority, folder, now, days }: RenewListOptions): Promise<number> {
  const { ledger, certificate } = authority;
  const next = await ledger.beginList({ now, days, authorityEnds: certificate.notAfter });
  const { pem, der } = await authority.signRevocationList(next);
  await replaceFile(join(folder, authorityFiles.crlDer), der, publicMode);
  await replaceFile(join(folder, authorityFiles.crlPem), pem, publicMode);
  await ledger.endList(next);
  return next.revocations.length;
}
