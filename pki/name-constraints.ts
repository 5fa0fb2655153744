// Which names may stand below an authority (RFC 5280 4.2.1.10): read from its certificate, and asked before anything is signed.
import { isIP } from 'node:net';
import { openCertificate } from './certificate.js';
import { contextTag, type DerValue, derTags, expectTag, readInside, readValue, readValues } from './der.js';
import { extensionOf, readCertificateFields } from './fields/certificate.js';
import { checkName, type SubjectName } from './names.js';
import { quote } from './quote.js';

/** A domain with everything below it, or a network: `example.org`, `10.0.0.0/8`, `::1/128`. */
export interface Subtree {
  readonly kind: 'dns' | 'ip';
  readonly value: string;
}

/** What an authority allows; of a kind that has no subtree everything. */
interface Constraints {
  readonly permitted: readonly Known[];
  readonly excluded: readonly Known[];
}

/** A network's octets are the address and its mask. */
type Known = { readonly kind: 'dns'; readonly domain: string } | { readonly kind: 'ip'; readonly octets: Buffer };

const oid = '2.5.29.30';

/** Text as a subtree; an address is the network that it is alone in. Undefined when it is neither. */
export function parseSubtree(text: string): Subtree | undefined {
  const [address = '', prefix] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  const verdict = checkName(address);
  if (!verdict.accepted) return undefined;
  const { kind, value } = verdict.name;
  if (kind === 'dns') return prefix === undefined && !value.startsWith('*') ? { kind, value } : undefined;
  if (kind !== 'ip') return undefined;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : bits + 1;
  return length > bits ? undefined : { kind, value: `${value}/${length}` };
}

/** Address and mask, as the extension has them. */
export function networkOctets({ value }: Subtree): Buffer {
  const [address = '', prefix = '0'] = value.split('/');
  const octets = octetsOf(address);
  const mask = Buffer.alloc(octets.length);
  for (let bit = 0; bit < Number(prefix); bit += 1) mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return Buffer.concat([octets.map((octet, index) => octet & (mask[index] ?? 0)), mask]);
}

function octetsOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [left = '', right] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [head, tail] = [groups(left), right === undefined ? [] : groups(right)];
  const whole = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return Buffer.from(whole.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** Of the authority that was asked last: it is asked for each certificate. */
let last: { readonly pem: string; readonly constraints: Constraints | undefined } | undefined;

function constraintsOf({ pem }: { readonly pem: string }): Constraints | undefined {
  if (last?.pem !== pem) last = { pem, constraints: readConstraints(pem) };
  return last.constraints;
}

/** @throws DerError */
function readConstraints(pem: string): Constraints | undefined {
  const extension = extensionOf(readCertificateFields(openCertificate(pem, 'the authority').raw), oid);
  if (extension === undefined) return undefined;
  const lists = readInside(readValue(extension.value), derTags.sequence, 'the name constraints');
  const subtrees = (number: number): Known[] =>
    lists
      .filter(({ tag }) => tag === contextTag(number, true))
      .flatMap(({ content }) => readValues(content).flatMap(knownOf));
  return { permitted: subtrees(0), excluded: subtrees(1) };
}

function knownOf(subtree: DerValue): Known[] {
  const [base] = readValues(expectTag(subtree, derTags.sequence, 'a subtree').content);
  if (base?.tag === contextTag(2)) return [{ kind: 'dns', domain: base.content.toString('latin1').toLowerCase() }];
  if (base?.tag === contextTag(7)) return [{ kind: 'ip', octets: base.content }];
  return [];
}

function isWithin({ kind, value }: SubjectName, subtree: Known): boolean {
  if (subtree.kind !== kind) return false;
  if (subtree.kind === 'dns') {
    // With a dot before it, it is for what is below it only.
    const domain = subtree.domain.replace(/^\./, '');
    return value.endsWith(`.${domain}`) || (value === domain && domain === subtree.domain) || domain === '';
  }
  const octets = octetsOf(value);
  if (subtree.octets.length !== 2 * octets.length) return false;
  const [net, mask] = [subtree.octets.subarray(0, octets.length), subtree.octets.subarray(octets.length)];
  return octets.every((octet, index) => (octet & (mask[index] ?? 0)) === ((net[index] ?? 0) & (mask[index] ?? 0)));
}

function isAllowed(name: SubjectName, { permitted, excluded }: Constraints): boolean {
  if (excluded.some((subtree) => isWithin(name, subtree))) return false;
  const own = permitted.filter(({ kind }) => kind === name.kind);
  return own.length === 0 || own.some((subtree) => isWithin(name, subtree));
}

/**
 * What OpenSSL takes for a host's name, and holds against the constraints, in a certificate without such names: two labels
 * or more. (X509_verify_cert; Go has not looked at common names since 1.15.)
 */
export const looksLikeHost = (commonName: string): boolean =>
  commonName.includes('.') && /^\w(?:[\w.-]*\w)?$/.test(commonName) && !/\.\.|-\.|\.-/.test(commonName);

/** Why whoever verifies would refuse a certificate with these names: they are outside of what its authority allows. */
export function constraintReasons(
  authority: { readonly pem: string },
  names: readonly SubjectName[],
  commonName: string,
): string[] {
  const constraints = constraintsOf(authority);
  if (constraints === undefined) return [];
  const reasons = names
    .filter((name) => !isAllowed(name, constraints))
    .map(({ value }) => `${quote(value)} is outside of the names that the authority may sign`);
  const asHost: SubjectName = { kind: 'dns', value: commonName.toLowerCase() };
  const named = names.some(({ kind }) => kind === 'dns');
  if (!named && looksLikeHost(commonName) && !isAllowed(asHost, constraints)) {
    reasons.push(
      `OpenSSL takes the common name ${quote(commonName)} for a host's, outside of what the authority may sign`,
    );
  }
  return reasons;
}
