// What stands above a certificate, up to the root.
import { type Certificate, signedBy } from './certificate.js';

/** What signs, and what it is signed by. */
export interface AuthorityChain {
  readonly certificate: Certificate;
  /** Each signed by the next, the root last; none when `certificate` is the root. */
  readonly issuers: readonly Certificate[];
}

/** What whoever verifies has to trust. */
export const rootOf = ({ certificate, issuers }: AuthorityChain): Certificate => issuers.at(-1) ?? certificate;

/** What has to be presented behind a leaf: everything up to the root, which whoever verifies has. */
export const betweenOf = ({ certificate, issuers }: AuthorityChain): readonly Certificate[] =>
  issuers.length === 0 ? [] : [certificate, ...issuers.slice(0, -1)];

export const pemOf = (certificates: readonly Certificate[]): string => certificates.map(({ pem }) => pem).join('');

/** A root may be a new certificate of an old key: then it signs itself too. */
export const isRoot = (certificate: Certificate): boolean => signedBy(certificate, certificate);

/**
 * The way from a certificate up to its root, by signatures and not by the order in the file.
 * @returns the root last; none for a root; undefined when one is missing on the way
 */
export function issuersOf(
  certificate: Certificate,
  others: readonly Certificate[],
): readonly Certificate[] | undefined {
  const way: Certificate[] = [];
  for (let at = certificate; !isRoot(at); ) {
    const issuer = others.find((each) => each.isAuthority && !way.includes(each) && signedBy(at, each));
    if (issuer === undefined) return undefined;
    way.push(issuer);
    at = issuer;
  }
  return way;
}
