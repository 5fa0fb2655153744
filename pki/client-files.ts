// What a client of a store shows, and whom it trusts, as files that somebody names.
import { readCertificates } from './bundle.js';
import { openCertificate } from './certificate.js';
import { pemOf } from './chain.js';
import { PkiError } from './errors.js';
import { readPrivateKey } from './key-pair.js';
import { keyToPem } from './keys.js';

export interface ClientFilePaths {
  /** Authorities that servers are verified with. */
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** In PEM. */
export interface ClientFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Reads them, in PEM or DER, and makes sure that the key is the certificate's.
 * @throws PkiError `certificate-unreadable`, `key-unreadable`, `bundle-refused`, or what the disk says
 */
export async function readClientFiles({ ca, certificate, key }: ClientFilePaths): Promise<ClientFiles> {
  const [authorities, chain, privateKey] = await Promise.all([
    ca === undefined ? undefined : readCertificates(ca),
    certificate === undefined ? undefined : readCertificates(certificate),
    key === undefined ? undefined : readPrivateKey(key),
  ]);
  const [leaf] = chain ?? [];
  if (leaf !== undefined && privateKey !== undefined) {
    if (!openCertificate(leaf.pem, certificate ?? '').checkPrivateKey(privateKey)) {
      const hint = 'name a certificate and its own key; quorate cert verify says what each is';
      throw new PkiError('bundle-refused', `${key} is not the key of ${certificate}`, { certificate, key }, { hint });
    }
  }
  return {
    ...(authorities && { ca: pemOf(authorities) }),
    ...(chain && { cert: pemOf(chain) }),
    ...(privateKey && { key: keyToPem(privateKey) }),
  };
}
