// What the signing thread does, by name. Arguments and results are data and keys, which go from thread to thread.
import { isOnToken } from '../token/key.js';
import { certificateOf, type Grant } from './certificate.js';
import { requestOf } from './request.js';
import { type Revocation, type RevocationList, revocationListOf, type Updates } from './revocation-list.js';
import { type Issuer, openSigner, type PrivateKey, type Signer, signingKey } from './signer.js';

const signers = new Map<string, Promise<Signer>>();

function signerOf(issuer: Issuer): Promise<Signer> {
  // Another one each time that it is signed in to.
  if (isOnToken(issuer.key)) return openSigner(issuer);
  const opened = signers.get(issuer.certificatePem) ?? openSigner(issuer);
  signers.set(issuer.certificatePem, opened);
  return opened;
}

export const jobs = {
  /** @returns the self-signed certificate in PEM */
  root: async (grant: Grant, key: PrivateKey): Promise<string> => certificateOf(grant, await signingKey(key)),

  /** @returns the certificate in PEM */
  async certificate(grant: Grant, issuer: Issuer): Promise<string> {
    const signer = await signerOf(issuer);
    return certificateOf(grant, signer, signer);
  },

  revocationList: async (
    issuer: Issuer,
    revocations: readonly Revocation[],
    number: number,
    updates: Updates,
  ): Promise<RevocationList> => revocationListOf(await signerOf(issuer), revocations, number, updates),

  /** @returns the certificate request in PEM */
  request: requestOf,
};
