// What of a certificate request stands in the way of granting it, and what of it is left out.
// A request asks; what is granted is what the caller wants to be issued, within the profile. Whoever asks for another name,
// or to be an authority, wants something that they would not get: that is refused, so that nobody takes the certificate for
// what it is not. Whatever else is beyond the profile is left out, and said.

import { type Certificate, isKeyOf } from './certificate.js';
import { type CertificateRequest, subjectValues } from './csr.js';
import type { AskedName } from './csr-extensions.js';
import { checkName } from './names.js';
import { grantedNames, namesMax, type Refusal, type Request, refusals, refuse } from './policy.js';
import { type Profile, profileName } from './profiles.js';
import { quote } from './quote.js';

const authorityUsages = ['keyCertSign', 'cRLSign'];

const again = 'have the request made again: quorate user request NAME';

/** Every reason against granting `request` to whoever made `csr`. */
export function csrRefusals(csr: CertificateRequest, request: Pick<Request, 'commonName' | 'names'>): Refusal[] {
  return [
    ...(csr.unproven === undefined ? [] : [{ field: 'csr' as const, reason: csr.unproven, hint: again }]),
    ...commonNameReasons(csr, request.commonName).map((reason) => ({ field: 'commonName' as const, reason })),
    ...askedNameRefusals(csr.names, request.names),
    ...authorityReasons(csr).map((reason) => ({ field: 'csr' as const, reason, hint: again })),
  ];
}

function commonNameReasons(csr: CertificateRequest, granted: string): string[] {
  const asked = subjectValues(csr, 'CN');
  if (asked.length > 1) return [`the request has ${asked.length}: ${asked.map(quote).join(', ')}`];
  return asked
    .filter((name) => name !== granted)
    .map((name) => `the request is for ${quote(name)}, and ${quote(granted)} is to be issued`);
}

function askedNameRefusals(asked: readonly AskedName[], granted: readonly string[]): Refusal[] {
  const refusal = (reason: string, hint = again): Refusal => ({ field: 'names', reason, hint });
  if (asked.length > namesMax) return [refusal(`the request has ${asked.length}, at most ${namesMax} are allowed`)];
  const allowed = new Set(grantedNames(granted).map(({ kind, value }) => `${kind}:${value}`));
  return asked.flatMap(({ kind, value }) => {
    if (kind === 'other') return [refusal(`the request has a name of a kind that is not issued: ${quote(value)}`)];
    const verdict = checkName(value);
    if (!verdict.accepted) return verdict.reasons.map((reason) => refusal(`${quote(value)} of the request: ${reason}`));
    const { name } = verdict;
    if (name.kind !== kind) return [refusal(`${quote(value)} of the request says it is ${kind}, and is ${name.kind}`)];
    if (allowed.has(`${kind}:${name.value}`)) return [];
    return [
      refusal(
        `${quote(value)} of the request is not among what is granted`,
        'grant it with --san of quorate cert issue, or have the request made again without it',
      ),
    ];
  });
}

function authorityReasons({ asksForAuthority, keyUsages, otherExtensions }: CertificateRequest): string[] {
  const signs = keyUsages.filter((usage) => authorityUsages.includes(usage));
  return [
    ...(asksForAuthority ? ['it asks to be an authority'] : []),
    ...(signs.length > 0 ? [`it asks for the key usage ${signs.join(' and ')}, which authorities have`] : []),
    ...otherExtensions
      .filter(({ critical }) => critical)
      .map(({ name }) => `it asks for the extension ${name}, as critical, and that is not issued`),
  ];
}

/** What is asked of an authority for a key that is somebody else's. */
export interface CertifyRequest extends Request {
  /** Whose public key is to be certified, and who showed that they have the private one. */
  readonly csr: CertificateRequest;
  readonly now: Date;
}

/**
 * Asks policy alone, which takes no key: whether the authority would certify this.
 * @throws PkiError `request-refused` with every reason
 */
export function assertCertifiable(request: CertifyRequest, authority: Certificate): void {
  const { csr, now, commonName } = request;
  const reasons = [...refusals(request, authority, now, csr.publicKey), ...csrRefusals(csr, request)];
  if (isKeyOf(csr.publicKey, authority)) reasons.push({ field: 'key', reason: "it is the authority's own" });
  if (reasons.length > 0) refuse(`${profileName(request.profile)} ${quote(commonName)} from ${csr.where}`, reasons);
}

/** What the request asks for and does not get, for a person. */
export function csrNotes(csr: CertificateRequest, profile: Profile, organization: string | undefined): string[] {
  const usages: readonly string[] = [...profile.keyUsages, 'keyEncipherment'];
  const extended: readonly string[] = profile.extendedUsages;
  const fields = csr.subject.filter(({ name, value }) => name !== 'CN' && !(name === 'O' && value === organization));
  const left = [
    ...fields.map(({ name, value }) => `${name} ${quote(value)} of its subject`),
    ...csr.keyUsages.filter((usage) => !usages.includes(usage)).map((usage) => `the key usage ${usage}`),
    ...csr.extendedUsages.filter((usage) => !extended.includes(usage)).map((usage) => `the usage ${usage}`),
    ...csr.otherExtensions.map(({ name }) => `the extension ${name}`),
    ...csr.otherAttributes.map((name) => `the attribute ${name}`),
  ];
  return left.map((what) => `the request asks for ${what}, which is left out`);
}
