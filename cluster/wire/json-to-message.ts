import Long from 'long';
import { Writer } from 'protobufjs/minimal.js';
import type { Field, FieldType, MessageShape, ScalarName } from './descriptors.js';

// Protobuf's JSON form (https://protobuf.dev/programming-guides/json/) into the bytes of the message, field by field.

/** What a number of JSON that a double can't hold stands as: `{"wide": "9223372036854775807"}`. */
export interface WideNumber {
  readonly wide: string;
}

/** More than any request needs. */
const depthMax = 100;

interface Writing {
  readonly writer: Writer;
  readonly complaints: string[];
}

/** The message, or everything that is wrong with the JSON. Fields that are not known are passed over, as etcd does. */
export function messageOfJson(shape: MessageShape, json: unknown): Buffer | { readonly complaints: readonly string[] } {
  const writing: Writing = { writer: Writer.create(), complaints: [] };
  writeMessage(writing, shape, json, []);
  return writing.complaints.length === 0 ? (writing.writer.finish() as Buffer) : { complaints: writing.complaints };
}

function writeMessage(writing: Writing, shape: MessageShape, json: unknown, path: readonly string[]): void {
  if (!isObject(json)) complain(writing, path, `an object is expected, not ${kindOf(json)}`);
  else if (path.length > depthMax) complain(writing, [], `nested more than ${depthMax} deep`);
  else writeFields(writing, shape, json, path);
}

type JsonObject = Readonly<Record<string, unknown>>;

function writeFields(writing: Writing, shape: MessageShape, json: JsonObject, path: readonly string[]): void {
  /** By field, or by what it is one of: what was there before. */
  const taken = new Map<string, string>();
  for (const [name, value] of Object.entries(json)) {
    const field = shape.byName.get(name);
    if (field === undefined || value === null) continue;
    const place = [...path, name];
    const slot = field.oneof ?? field.name;
    const other = taken.get(slot);
    taken.set(slot, name);
    if (other !== undefined) complain(writing, place, `${other} is there too, and one of them may be`);
    else if (!field.repeated) writeField(writing, field, value, place);
    else if (!Array.isArray(value)) complain(writing, place, `a list is expected, not ${kindOf(value)}`);
    else for (const [at, each] of value.entries()) writeField(writing, field, each, [...place, String(at)]);
  }
}

const lengthDelimited = 2;
const varint = 0;

function writeField(writing: Writing, { id, type }: Field, value: unknown, path: readonly string[]): void {
  const { writer } = writing;
  const isDelimited = type.kind === 'message' || (type.kind === 'scalar' && /bytes|string/.test(type.name));
  writer.uint32((id << 3) | (isDelimited ? lengthDelimited : varint));
  if (type.kind === 'message') {
    writer.fork();
    writeMessage(writing, type.shape(), value, path);
    writer.ldelim();
    return;
  }
  const wrong = type.kind === 'enum' ? writeEnum(writer, type, value) : writeScalar(writer, type.name, value);
  if (wrong !== undefined) complain(writing, path, wrong);
}

/** A name, or a number: also one that has no name, which the handlers refuse in etcd's words. */
function writeEnum(
  writer: Writer,
  { numbers }: Extract<FieldType, { kind: 'enum' }>,
  value: unknown,
): string | undefined {
  const number = typeof value === 'string' && Object.hasOwn(numbers, value) ? numbers[value] : value;
  if (typeof number !== 'number' || (number | 0) !== number)
    return `one of ${Object.keys(numbers).join(', ')} is expected`;
  writer.int32(number);
  return undefined;
}

function writeScalar(writer: Writer, type: ScalarName, value: unknown): string | undefined {
  switch (type) {
    case 'bool':
      if (typeof value !== 'boolean') return `true or false is expected, not ${kindOf(value)}`;
      writer.bool(value);
      return undefined;
    case 'string':
      if (typeof value !== 'string') return `a string is expected, not ${kindOf(value)}`;
      writer.string(value);
      return undefined;
    case 'bytes':
      if (typeof value !== 'string') return `a string of base64 is expected, not ${kindOf(value)}`;
      if (!isBase64(value)) return 'illegal base64 data';
      writer.bytes(Buffer.from(value, 'base64'));
      return undefined;
    default:
      return writeInteger(writer, type, value);
  }
}

const bounds: Readonly<Record<'int32' | 'uint32' | 'int64' | 'uint64', readonly [min: bigint, max: bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

function writeInteger(writer: Writer, type: keyof typeof bounds, value: unknown): string | undefined {
  const text = isWide(value) ? value.wide : String(value);
  const [min, max] = bounds[type];
  const whole = /^-?\d{1,20}$/.test(text) && (typeof value !== 'object' || isWide(value)) ? BigInt(text) : undefined;
  if (whole === undefined || whole < min || whole > max) return `a whole number from ${min} to ${max} is expected`;
  if (type === 'int32' || type === 'uint32') writer[type](Number(whole));
  else writer[type](Long.fromString(text, type === 'uint64'));
  return undefined;
}

/** Both alphabets of RFC 4648, padded or not. */
const isBase64 = (text: string): boolean =>
  /^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isWide(value);
const isWide = (value: unknown): value is WideNumber =>
  typeof value === 'object' && value !== null && Object.keys(value).join() === 'wide';

/** Never the value itself: it may be a password. */
const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : isWide(value) ? 'a number' : named(typeof value);

const named = (type: string): string => (type === 'object' ? 'an object' : `a ${type}`);

function complain({ complaints }: Writing, path: readonly string[], what: string): void {
  const complaintsMax = 20;
  if (complaints.length < complaintsMax) complaints.push(path.length === 0 ? what : `${path.join('.')}: ${what}`);
}
