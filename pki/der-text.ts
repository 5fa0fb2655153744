// The kinds of text that names in certificates come in.
import { DerError, type DerValue, derTags } from './der.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf16 = new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true });

const decoders: Readonly<Record<number, (content: Buffer) => string>> = {
  [derTags.utf8String]: (content) => utf8.decode(content),
  [derTags.bmpString]: (content) => utf16.decode(content),
  [derTags.printableString]: ascii,
  [derTags.ia5String]: ascii,
  // In practice Latin-1, whatever T.61 says.
  [derTags.teletexString]: (content) => content.toString('latin1'),
};

/** Any kind of text, as it stands: a NUL or a control character stays in it, for policy to see. @throws DerError */
export function textOf(value: DerValue | undefined, what: string): string {
  if (value === undefined) throw new DerError(`${what} is missing`);
  const decode = decoders[value.tag];
  if (decode === undefined) throw new DerError(`${what} is of a kind of text that is not read`);
  try {
    return decode(value.content);
  } catch (cause) {
    throw new DerError(`${what} is not the kind of text that it says`, { cause });
  }
}

/** @throws DerError */
export function ascii(content: Buffer): string {
  if (content.some((octet) => octet > 0x7f)) throw new DerError('a text in ASCII holds other characters');
  return content.toString('latin1');
}
