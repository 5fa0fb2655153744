import { Reader } from 'protobufjs/minimal.js';
import type { Field, FieldType, MessageShape, ScalarName } from './descriptors.js';

// The bytes of a message into protobuf's JSON form, as etcd's gateway writes it: names as in the .proto files, in their
// order; no field that has its default; 64-bit numbers as strings, bytes as base64, enums by name.

/** Something for JSON.stringify. */
export function jsonOfMessage(shape: MessageShape, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const reader = Reader.create(bytes);
  return readMessage(reader, shape, reader.len);
}

function readMessage(reader: Reader, shape: MessageShape, end: number): Readonly<Record<string, unknown>> {
  const found = new Map<Field, unknown>();
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = shape.byId.get(tag >>> 3);
    if (field === undefined) reader.skipType(tag & 7);
    else if (field.repeated) readRepeated(reader, field, tag & 7, found);
    else found.set(field, readValue(reader, field.type));
  }
  const isSaid = (field: Field): boolean =>
    found.has(field) && (field.oneof !== undefined || !isDefault(found.get(field)));
  return Object.fromEntries(shape.fields.filter(isSaid).map((field) => [field.name, said(field, found.get(field))]));
}

/** Numbers come one by one, or packed. */
function readRepeated(reader: Reader, field: Field, wireType: number, found: Map<Field, unknown>): void {
  const list = (found.get(field) as unknown[] | undefined) ?? [];
  found.set(field, list);
  const isPacked =
    wireType === 2 &&
    (field.type.kind === 'enum' || (field.type.kind === 'scalar' && !/bytes|string/.test(field.type.name)));
  if (!isPacked) {
    list.push(readValue(reader, field.type));
    return;
  }
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) list.push(readValue(reader, field.type));
}

function readValue(reader: Reader, type: FieldType): unknown {
  if (type.kind === 'enum') return reader.int32();
  if (type.kind === 'scalar') return readScalar(reader, type.name);
  const end = reader.uint32() + reader.pos;
  return readMessage(reader, type.shape(), end);
}

function readScalar(reader: Reader, name: ScalarName): string | number | boolean {
  switch (name) {
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'int64':
    case 'uint64':
      return reader[name]().toString();
    default:
      return reader[name]();
  }
}

/** A number without a name goes out as it is. */
function said({ type, repeated }: Field, value: unknown): unknown {
  if (type.kind !== 'enum') return value;
  const nameOf = (number: unknown) => Object.keys(type.numbers).find((name) => type.numbers[name] === number) ?? number;
  return repeated && Array.isArray(value) ? value.map(nameOf) : nameOf(value);
}

const isDefault = (value: unknown): boolean =>
  value === 0 || value === '0' || value === '' || value === false || (Array.isArray(value) && value.length === 0);
