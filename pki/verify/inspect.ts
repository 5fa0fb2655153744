// Everything that is known to go wrong with a certificate in a file.
import { type ChainOptions, chainFindings, leafOf } from './chain.js';
import { type Expected, nameFindings, strengthFindings, usageFindings } from './content.js';
import { dateFindings } from './dates.js';
import { type Finding, failing } from './finding.js';
import { exposureFindings, keyFindings, writableFindings } from './key-file.js';
import { readServed, valid } from './key-pair.js';
import { type Register, registerFindings } from './register.js';
import { type ReadList, revocationFindings } from './revocation.js';

export interface InspectedCertificate extends Expected {
  readonly certificate: string;
  /** Absent when the key is elsewhere. */
  readonly key?: string | undefined;
  readonly ca: string;
  readonly list?: ReadList | undefined;
  readonly register?: Register | undefined;
  readonly now: Date;
}

/** All findings about a certificate's file, its key and its chain; the days that it has left when there are none. */
export async function inspectCertificate(options: InspectedCertificate): Promise<Finding[]> {
  const { certificate, key, ca, now } = options;
  const { findings, served, trusted } = await readServed(certificate, ca);
  const leaf = served === undefined ? undefined : leafOf(served);
  if (served !== undefined && leaf !== undefined) {
    findings.push(...servedFindings({ served, path: certificate, trusted, caPath: ca, now }, options));
    findings.push(...(await writableFindings(certificate)));
  }
  if (key !== undefined) findings.push(...(await keyFindings(leaf, key)));
  return findings.length > 0 || leaf === undefined ? findings : [valid(leaf, certificate, now)];
}

/** The same about what was presented, from wherever it comes. */
export function servedFindings(
  chain: Omit<ChainOptions, 'trusted'> & { readonly trusted: readonly ChainOptions['served'][number][] | undefined },
  expected: Expected & Pick<InspectedCertificate, 'list' | 'register'>,
): Finding[] {
  const { served, path, trusted, now } = chain;
  const leaf = leafOf(served);
  const revoked = revocationFindings(leaf, path, expected.list);
  return [
    ...dateFindings(leaf, path, now),
    ...(trusted === undefined ? [] : chainFindings({ ...chain, trusted })),
    ...revoked,
    // Said once, whoever says it.
    ...(revoked.length > 0 ? [] : registerFindings(leaf, path, expected.register)),
    ...usageFindings(leaf, path, expected.use),
    ...(expected.use === 'authority' ? [] : nameFindings(leaf, path, expected)),
    ...served.flatMap((each) => strengthFindings(each, path)),
  ];
}

/** All findings about an authority's certificates, each for itself, and about the modes of keys, which may be encrypted. */
export async function inspectAuthority(ca: string, keys: readonly string[], now: Date): Promise<Finding[]> {
  const { findings, trusted = [] } = await readServed(ca, ca);
  // Both readings say the same.
  findings.splice(1);
  for (const each of trusted) {
    // Whoever trusts it asks for nothing above it.
    const chain = { served: [each] as const, path: ca, trusted: undefined, caPath: ca, now };
    findings.push(...servedFindings(chain, { use: 'authority' }));
    if (each.isAuthority) continue;
    const hint = 'name the certificates of authorities alone as trusted';
    findings.push(failing(ca, 'wrong-usage', `${each.commonName} is no authority's certificate`, hint));
  }
  if (trusted.length > 0) findings.push(...(await writableFindings(ca)));
  for (const key of keys) findings.push(...(await exposureFindings(key)));
  const [first] = trusted;
  return findings.length > 0 || first === undefined ? findings : [valid(first, ca, now)];
}
