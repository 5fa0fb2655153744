// RFC 7468, read strictly where it matters: one block of the wanted kind, and what is in it is what it says.
import { PkiError, type PkiErrorCode } from './errors.js';

/** What a reader wants, and how it complains. */
export interface Wanted {
  readonly code: PkiErrorCode;
  /** For a person: `certificate request`. */
  readonly what: string;
  /** What may stand behind BEGIN; the first is the usual one. */
  readonly labels: readonly [string, ...string[]];
  /** Whose file it is. */
  readonly where: string;
}

/** One block: what stands behind BEGIN, and what is in it. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

const block = /-----BEGIN ([^\n-]*)-----[ \t]*\r?\n([^-]*)-----END ([^\n-]*)-----/g;
const countOf = (text: string): number => text.split('-----BEGIN ').length - 1;

/**
 * The DER form of what is in a file, which may be in DER or in PEM. Words around a block are passed over, as openssl and
 * certtool write some (RFC 7468 5.2).
 * @throws PkiError with the wanted code
 */
export function derOf(bytes: Buffer, wanted: Wanted): Buffer {
  const [first, ...more] = blocksOf(bytes, wanted);
  if (first === undefined) return bytes;
  if (more.length > 0) {
    const labels = [first, ...more].map(({ label }) => label).join(', ');
    refuse(wanted, `holds ${more.length + 1} blocks (${labels}), and one is read`, separately(labels));
  }
  const { label, der } = first;
  if (!wanted.labels.includes(label)) refuse(wanted, `holds a ${label.toLowerCase()}, not a ${wanted.what}`);
  return der;
}

/**
 * Every block of a file in PEM, whatever it is; none of a file that is DER.
 * @throws PkiError with the wanted code
 */
export function blocksOf(bytes: Buffer, wanted: Wanted): PemBlock[] {
  const text = bytes.toString('latin1');
  if (countOf(text) > 0) return fromPem(text, wanted);
  if (bytes[0] === 0x30) return [];
  if (isUtf16(bytes)) refuse(wanted, 'is text in UTF-16', 'save it as plain text: iconv -f UTF-16 -t UTF-8');
  // A sequence of more than 127 octets begins so.
  const bare = /^MI[A-Za-z0-9+/=\s]+$/.test(text);
  const is = bytes.length === 0 ? 'is empty' : `holds no ${wanted.what}`;
  refuse(wanted, is, bare ? `put -----BEGIN ${wanted.labels[0]}----- and its END line around it` : undefined);
}

/** By its mark, or by the zeros in a first line that has only dashes and letters. */
const isUtf16 = (bytes: Buffer): boolean =>
  /^(fffe|feff)/.test(bytes.toString('hex', 0, 2)) || /^(-\0){5}|^(\0-){5}/.test(bytes.toString('latin1', 0, 10));

function fromPem(text: string, wanted: Wanted): PemBlock[] {
  const blocks = [...text.matchAll(block)];
  if (blocks.length < countOf(text)) refuse(wanted, 'has a block without its end: it was cut off');
  return blocks.map(([, label = '', body = '', end = '']) => {
    if (label !== end) refuse(wanted, `begins as ${label} and ends as ${end}`);
    return { label, der: fromBase64(body, wanted) };
  });
}

const separately = (labels: string): string =>
  labels.includes('PRIVATE KEY')
    ? 'a private key stays where it was made: hand over the request alone'
    : 'put each into a file of its own';

function fromBase64(body: string, wanted: Wanted): Buffer {
  const packed = body.replace(/\s+/g, '');
  const bytes = Buffer.from(packed, 'base64');
  if (bytes.toString('base64') !== packed) refuse(wanted, 'has a block that is not base64: it is damaged');
  if (bytes.subarray(0, 10).toString('latin1').startsWith('-----BEGIN')) {
    refuse(wanted, 'is encoded twice: there is PEM inside its PEM', 'base64 -d what stands between BEGIN and END');
  }
  return bytes;
}

function refuse({ code, where, labels }: Wanted, is: string, hint?: string): never {
  const usual = `in PEM it begins with -----BEGIN ${labels[0]}-----; DER is read too`;
  throw new PkiError(code, `${where} ${is}`, { where }, { hint: hint ?? usual });
}

/** The PEM form. */
export function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
