// Where a key is on a token: `pkcs11:token=NAME;object=NAME?module-path=/path.so` (RFC 7512).
import { PkiError } from '../errors.js';

/** A key on a token, and the library that speaks to it. */
export interface TokenUri {
  /** As it was written. */
  readonly text: string;
  readonly modulePath: string;
  /** What the token has to say of itself: all of it. */
  readonly token: {
    readonly label?: string;
    readonly serialNumber?: string;
    readonly model?: string;
    readonly manufacturerID?: string;
  };
  readonly object?: string;
  readonly id?: Buffer;
}

export const isTokenUri = (text: string): boolean => text.startsWith('pkcs11:');

const tokenFields: Readonly<Record<string, keyof TokenUri['token']>> = {
  token: 'label',
  serial: 'serialNumber',
  model: 'model',
  manufacturer: 'manufacturerID',
};

/** @throws PkiError `token-refused` with every reason */
export function parseTokenUri(text: string): TokenUri {
  const read = readUri(text);
  const reasons = tokenUriReasons(text);
  if (read === undefined || reasons.length > 0) {
    const hint = 'pkcs11:token=NAME;object=NAME?module-path=/usr/lib/softhsm/libsofthsm2.so';
    throw new PkiError('token-refused', `${JSON.stringify(text)} names no key: ${reasons.join('; ')}`, {}, { hint });
  }
  return read;
}

/** Everything that keeps this text from naming one key on one token. */
export function tokenUriReasons(text: string): string[] {
  if (!isTokenUri(text)) return ['it does not begin with pkcs11:'];
  const attributes = attributesOf(text);
  if (attributes === undefined) return ['an attribute has no value, or its % are no octets'];
  const names = [...attributes.keys()];
  const known = [...Object.keys(tokenFields), 'object', 'id', 'type', 'module-path'];
  const reasons = names
    .filter((name) => !known.includes(name))
    .map((name) =>
      name.startsWith('pin-')
        ? `${name}: a PIN has no place in it, it is asked for`
        : `the attribute ${name} is not read here`,
    );
  if (attributes.get('type') !== undefined && attributes.get('type')?.toString() !== 'private')
    reasons.push('its type is not private');
  if (!names.some((name) => name in tokenFields)) reasons.push('it says of no token (token=NAME)');
  if (!attributes.has('object') && !attributes.has('id')) reasons.push('it says of no key (object=NAME or id=%01)');
  const path = attributes.get('module-path')?.toString() ?? '';
  if (!path.startsWith('/')) reasons.push("it has no absolute module-path, the library of the token's maker");
  return reasons;
}

/** By name, decoded; undefined when it is no such text. A name that is there twice counts as it comes last. */
function attributesOf(text: string): ReadonlyMap<string, Buffer> | undefined {
  const [path = '', query = ''] = text.slice('pkcs11:'.length).split('?');
  const pairs = [...path.split(';'), ...query.split('&')].filter((pair) => pair !== '').map((pair) => pair.split('='));
  const attributes = new Map<string, Buffer>();
  for (const [name = '', value, ...more] of pairs) {
    if (value === undefined || value === '' || more.length > 0 || /%(?![0-9a-f]{2})/i.test(value)) return undefined;
    const octets = value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    const isPlain = !/[^\x20-\x7e]/.test(value);
    attributes.set(name, isPlain ? Buffer.from(octets, 'latin1') : Buffer.from(value));
  }
  return attributes;
}

function readUri(text: string): TokenUri | undefined {
  const attributes = attributesOf(text);
  if (attributes === undefined) return undefined;
  const token = Object.entries(tokenFields).flatMap(([name, field]) => {
    const value = attributes.get(name);
    return value === undefined ? [] : [[field, value.toString()]];
  });
  const [object, id] = [attributes.get('object')?.toString(), attributes.get('id')];
  return {
    text,
    modulePath: attributes.get('module-path')?.toString() ?? '',
    token: Object.fromEntries(token),
    ...(object === undefined ? {} : { object }),
    ...(id === undefined ? {} : { id }),
  };
}
