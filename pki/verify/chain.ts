// The chain as a server would present it, from its file.
import type { X509Certificate } from 'node:crypto';
import { chainOf } from '../bundle.js';
import { type Certificate, openCertificate, signedBy } from '../certificate.js';
import { DerError, derTags, readInside, readValue } from '../der.js';
import { extensionOf, readCertificateFields } from '../fields/certificate.js';
import { constraintReasons } from '../name-constraints.js';
import { doubtful, type Finding, failing } from './finding.js';

export interface ChainOptions {
  /** As they stand in the file. */
  readonly served: readonly [Certificate, ...Certificate[]];
  /** The file, for messages. */
  readonly path: string;
  readonly trusted: readonly Certificate[];
  readonly caPath: string;
  readonly now: Date;
}

/** The certificate that the file is about: the first, unless only a later one is no authority's. */
export const leafOf = ([first, ...rest]: ChainOptions['served']): Certificate =>
  first.isAuthority ? (rest.find(({ isAuthority }) => !isAuthority) ?? first) : first;

/** What is wrong with the way from the leaf to an authority that is trusted. */
export function chainFindings(options: ChainOptions): Finding[] {
  const { served, path, trusted, caPath, now } = options;
  const leaf = leafOf(served);
  const rest = served.filter((each) => each !== leaf);
  const chain = chainOf(leaf, rest, trusted);
  if (chain === undefined) return [...orderFindings(options, leaf, []), brokenAt(leaf, options)];
  const above = [...chain.intermediates, chain.authority];
  const findings = [
    ...orderFindings(options, leaf, chain.intermediates),
    ...surplusFindings(options, leaf, chain.intermediates),
    ...lengthFindings(above, path),
    ...constraintFindings(above, leaf, path),
  ];
  for (const authority of above) {
    if (now < authority.notAfter) continue;
    const at = authority === chain.authority ? caPath : path;
    const message = `the authority ${authority.commonName} expired at ${authority.notAfter.toISOString()}`;
    findings.push(failing(at, 'authority-expired', message, 'replace the authority: quorate cert rotate-ca'));
  }
  const first = above.find(({ notAfter }) => notAfter < leaf.notAfter);
  if (first !== undefined && now < first.notAfter) {
    const message = `it is valid until ${leaf.notAfter.toISOString()}, its authority ${first.commonName} until ${first.notAfter.toISOString()}`;
    findings.push(
      doubtful(path, 'outlives-authority', message, 'replace the authority before: quorate cert rotate-ca'),
    );
  }
  return findings;
}

/** Why there is no way: the next one up is missing, or is another one of that name. */
function brokenAt(leaf: Certificate, { served, path, trusted, caPath }: ChainOptions): Finding {
  const between = served.filter((each) => each.isAuthority);
  let top = leaf;
  for (const _ of between) top = between.find((each) => each !== top && signedBy(top, each)) ?? top;
  const opened = opener(top);
  const others = [...trusted, ...served.filter((each) => each !== top)].filter(
    (each) => opener(each).subject === opened.issuer,
  );
  const ownIssuer = opened.subject === opened.issuer;
  if (others.length > 0 || ownIssuer || trusted.length === 0) {
    const ca = trusted.map(({ commonName }) => commonName).join(', ');
    const message = `${ca} of ${caPath} did not sign it; it says ${top.issuer}`;
    const hint = 'use the ca.crt of the authority that signed it, or issue it again from this one';
    return failing(path, 'wrong-authority', message, hint);
  }
  const message = `${top.commonName} was signed by ${top.issuer}, whose certificate is neither in it nor in ${caPath}`;
  const hint = `when ${top.issuer} is an intermediate, append its certificate to ${path}; when it is an authority, trust its certificate in place of ${caPath}`;
  return failing(path, 'chain-incomplete', message, hint);
}

const opener = ({ pem }: Certificate): X509Certificate => openCertificate(pem, 'the certificate');

function orderFindings({ served, path }: ChainOptions, leaf: Certificate, way: readonly Certificate[]): Finding[] {
  const hint = `put them in order: its own certificate first, then ${['each that signed the one before', 'never the root'].join(', ')}`;
  if (served[0] !== leaf) {
    const message = `it begins with the certificate of ${served[0].commonName}, an authority, not with that of ${leaf.commonName}`;
    return [failing(path, 'chain-order', message, hint)];
  }
  const places = way.map((each) => served.indexOf(each)).filter((place) => place >= 0);
  if (places.every((place, index) => index === 0 || place > (places[index - 1] ?? 0))) return [];
  return [doubtful(path, 'chain-order', 'its intermediates are not in the order in which they signed', hint)];
}

function surplusFindings({ served, path }: ChainOptions, leaf: Certificate, way: readonly Certificate[]): Finding[] {
  const needed = new Set([leaf, ...way].map(({ fingerprint }) => fingerprint));
  const seen = new Set<string>();
  return served.flatMap((each) => {
    const again = seen.has(each.fingerprint);
    seen.add(each.fingerprint);
    if (needed.has(each.fingerprint) && !again) return [];
    const what = again
      ? 'is in it twice'
      : signedBy(each, each)
        ? 'a root, is in it'
        : 'is in it, and no part of its chain';
    return [doubtful(path, 'chain-surplus', `${each.commonName}${again ? '' : ','} ${what}`, `take it out of ${path}`)];
  });
}

/** RFC 5280 4.2.1.9: how many authorities may stand below each. */
function lengthFindings(above: readonly Certificate[], path: string): Finding[] {
  return above.flatMap((authority, below) => {
    const allowed = pathLengthOf(authority);
    if (allowed === undefined || below <= allowed) return [];
    const message = `${authority.commonName} allows ${allowed} authorities below itself, and there are ${below}`;
    return [failing(path, 'chain-too-long', message, 'issue it from an authority that is directly below the root')];
  });
}

/** RFC 5280 4.2.1.10: each authority above it may allow some names only. */
function constraintFindings(above: readonly Certificate[], leaf: Certificate, path: string): Finding[] {
  const hint = 'issue it again without them, or widen pki.nameConstraints and replace the authority';
  return above.flatMap((authority) => {
    const reasons = orNothing(() => constraintReasons(authority, leaf.names, leaf.commonName)) ?? [];
    return reasons.map((reason) => failing(path, 'outside-authority', `${reason} (${authority.commonName})`, hint));
  });
}

/** What is not DER says nothing here: the verifiers that refuse it are asked about it elsewhere. */
function orNothing<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** How many authorities may stand below it; undefined for as many as like to (RFC 5280 4.2.1.9). */
export function pathLengthOf({ pem }: Certificate): number | undefined {
  return orNothing(() => {
    const extension = extensionOf(readCertificateFields(openCertificate(pem, 'it').raw), '2.5.29.19');
    const parts = extension === undefined ? [] : readInside(readValue(extension.value), derTags.sequence, 'it');
    const length = parts.find(({ tag }) => tag === derTags.integer)?.content;
    return length === undefined || length.length > 4 || length.length === 0
      ? undefined
      : length.readUIntBE(0, length.length);
  });
}
