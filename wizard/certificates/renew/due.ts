import type { Certificate } from '#pki';

/** How a certificate stands to its end; `revoked` and `key-differs` whatever its end is. */
export type Standing = 'current' | 'due' | 'expired' | 'not-yet-valid' | 'missing' | 'revoked' | 'key-differs';

/** Two thirds of a life: what is renewed then has a third left for whatever goes wrong. */
export const dueAt = ({ notBefore, notAfter }: Certificate): Date =>
  new Date(notBefore.getTime() + ((notAfter.getTime() - notBefore.getTime()) * 2) / 3);

export function standingOf(certificate: Certificate | undefined, now: Date): Standing {
  if (certificate === undefined) return 'missing';
  if (now >= certificate.notAfter) return 'expired';
  if (now < certificate.notBefore) return 'not-yet-valid';
  return now >= dueAt(certificate) ? 'due' : 'current';
}
