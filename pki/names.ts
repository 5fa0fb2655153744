// Text -> a subject alternative name in its one normal form, or refused with every reason (RFC 5280 4.2.1.6).
import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { PkiError } from './errors.js';

/** A subject alternative name, normalised: two texts that mean the same name give the same value. */
export type SubjectName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: string }
  | { readonly kind: 'email'; readonly value: string }
  | { readonly kind: 'uri'; readonly value: string };

export type NameKind = SubjectName['kind'];

export type NameVerdict =
  | { readonly accepted: true; readonly name: SubjectName }
  | { readonly accepted: false; readonly reasons: readonly string[] };

const dnsLengthMax = 253;
const labelLengthMax = 63;
const textLengthMax = 2048;

/** Controls, format characters (soft hyphen, zero-width, bidi), lone surrogates: nothing a reader can see. */
const invisible = /\p{C}/u;

const accept = (kind: NameKind, value: string): NameVerdict => ({ accepted: true, name: { kind, value } });
const refuse = (...reasons: string[]): NameVerdict => ({ accepted: false, reasons });

/** Every reason why `text` is no name, or the name. */
export function checkName(text: string): NameVerdict {
  const reasons: string[] = [];
  if (text === '') reasons.push('it is empty');
  if (text.length > textLengthMax)
    reasons.push(`it has ${text.length} characters, at most ${textLengthMax} are allowed`);
  if (invisible.test(text)) reasons.push('it contains a control or invisible character');
  if (/\s/.test(text)) reasons.push('it contains white space');
  if (reasons.length > 0) return refuse(...reasons);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return checkUri(text);
  if (text.includes('@')) return checkEmail(text);
  if (text.includes('/')) return refuse('it contains "/": a name is neither a path nor an address range');
  if (text.includes(':') || text.startsWith('[')) return checkIpv6(text);
  if (endsInNumber(text)) return checkIpv4(text);
  return checkDns(text);
}

/** @throws PkiError `name-refused` with every reason in `details.reasons`. */
export function parseName(text: string): SubjectName {
  const verdict = checkName(text);
  if (verdict.accepted) return verdict.name;
  const { reasons } = verdict;
  throw new PkiError('name-refused', `${JSON.stringify(text)} is no name: ${reasons.join('; ')}`, {
    name: text,
    reasons,
  });
}

/**
 * `10.1`, `0x7f.1` and `2130706433` are IPv4 addresses to some readers and host names to others (WHATWG URL "ends in a
 * number"). A name that ends in a number has to be an IPv4 address in the one form that all readers share.
 */
const endsInNumber = (text: string): boolean => /(^|\.)(\d+|0x[0-9a-f]*)\.?$/i.test(text);

function checkIpv4(text: string): NameVerdict {
  const parts = text.split('.');
  const reasons: string[] = [];
  if (parts.length !== 4)
    reasons.push(`it ends in a number, so it has to be an IPv4 address: four parts, not ${parts.length}`);
  for (const part of parts) {
    if (!/^\d+$/.test(part)) reasons.push(`${JSON.stringify(part)} is no decimal number`);
    else if (part.length > 1 && part.startsWith('0'))
      reasons.push(`${part} has a leading zero, which some read as octal`);
    else if (Number(part) > 255) reasons.push(`${part} is above 255`);
  }
  if (text === '0.0.0.0') reasons.push('the unspecified address names no host');
  return reasons.length > 0 ? refuse(...reasons) : accept('ip', text);
}

function checkIpv6(text: string): NameVerdict {
  if (text.startsWith('[')) return refuse('an IPv6 address is written without brackets here, and without a port');
  if (text.includes('%')) return refuse('a zone ("%") means something on one host only');
  if (!isIPv6(text)) {
    return /^[^:]*:\d+$/.test(text)
      ? refuse('it ends in a port, which names do not carry')
      : refuse('it is no IPv6 address');
  }
  const normal = new URL(`http://[${text}]`).hostname.slice(1, -1);
  if (normal === '::') return refuse('the unspecified address names no host');
  return accept('ip', unmapped(normal) ?? normal);
}

/** `::ffff:a00:1` is 10.0.0.1 (RFC 4291 2.5.5.2); Go and OpenSSL compare it as the IPv4 address. */
function unmapped(normal: string): string | undefined {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(normal) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const bytes = [high, low].map((group) => Number.parseInt(group, 16));
  return bytes.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}

function checkDns(text: string): NameVerdict {
  const wildcard = text.startsWith('*.');
  const host = wildcard ? text.slice(2) : text;
  const ascii = asciiHost(host);
  if (ascii === undefined) return refuse('it is no internationalised domain name (UTS #46)');
  const reasons = hostReasons(ascii);
  if (wildcard && !ascii.includes('.')) reasons.push('a wildcard has to stand before at least two labels');
  if (endsInNumber(ascii)) reasons.push('it turns into an IPv4 address');
  return reasons.length > 0 ? refuse(...reasons) : accept('dns', wildcard ? `*.${ascii}` : ascii);
}

/** Lower case, without the root's dot, Unicode as punycode (`bücher.example` -> `xn--bcher-kva.example`). */
function asciiHost(host: string): string | undefined {
  const relative = host.endsWith('.') ? host.slice(0, -1) : host;
  const international = /[^\0-\x7f]/.test(relative) || /(^|\.)xn--/i.test(relative);
  const ascii = international ? domainToASCII(relative) : relative.toLowerCase();
  // Node 24 lets a label through that only announces to be encoded; Node 20 does not.
  const unreadable = (ascii === '' && relative !== '') || /(^|\.)xn--(\.|$)/.test(ascii);
  return unreadable ? undefined : ascii;
}

/** Underscores are no RFC 1123, but containers are named so, and Go, OpenSSL and Node match them. */
function hostReasons(host: string): string[] {
  const reasons: string[] = [];
  if (host.length > dnsLengthMax) reasons.push(`it has ${host.length} characters, a host name at most ${dnsLengthMax}`);
  for (const label of host.split('.')) {
    if (label === '') reasons.push('it has an empty label');
    else if (label.includes('*')) reasons.push('"*" is allowed as the whole first label only');
    else if (/[^a-z0-9_-]/.test(label))
      reasons.push(`${JSON.stringify(label)} contains more than letters, digits and "-"`);
    if (label.length > labelLengthMax)
      reasons.push(`a label has ${label.length} characters, at most ${labelLengthMax} are allowed`);
    if (/^-|-$/.test(label)) reasons.push(`${JSON.stringify(label)} begins or ends with "-"`);
  }
  return [...new Set(reasons)];
}

function checkEmail(text: string): NameVerdict {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = checkDns(text.slice(at + 1));
  const reasons = domain.accepted ? [] : domain.reasons.map((reason) => `after "@": ${reason}`);
  if (!/^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local))
    reasons.push('before "@": it is no dot-atom (RFC 5321)');
  if (local.length > 64) reasons.push(`before "@": it has ${local.length} characters, at most 64 are allowed`);
  if (domain.accepted && domain.name.value.startsWith('*')) reasons.push('after "@": a wildcard is no mail domain');
  return domain.accepted && reasons.length === 0
    ? accept('email', `${local}@${domain.name.value}`)
    : refuse(...reasons);
}

function checkUri(text: string): NameVerdict {
  if (/[^\x21-\x7e]/.test(text)) return refuse('a URI is written in ASCII; encode the rest with "%"');
  if (!URL.canParse(text)) return refuse('it is no absolute URI');
  const uri = new URL(text);
  const reasons: string[] = [];
  if (uri.hostname === '') reasons.push('it has no host');
  if (uri.username !== '' || uri.password !== '') reasons.push('it carries a user or a password');
  return reasons.length > 0 ? refuse(...reasons) : accept('uri', uri.href);
}
