import Long from 'long';
import protobuf from 'protobufjs';

export type Sample = Record<string, unknown>;

/** Objects that between them set every field of the message to no default: one for each member of its oneofs. */
export function samplesOf(type: protobuf.Type): Sample[] {
  const rounds = Math.max(1, ...type.oneofsArray.map((oneof) => oneof.fieldsArray.length));
  return Array.from({ length: rounds }, (_, round) => sampleOf(type, round, 0));
}

function sampleOf(type: protobuf.Type, round: number, depth: number): Sample {
  const sample: Sample = {};
  for (const field of type.fieldsArray) {
    const rivals = field.partOf?.fieldsArray ?? [field];
    if (rivals[round % rivals.length] !== field) continue;
    const value = fieldValue(field.resolve(), round, depth);
    if (value !== undefined) sample[field.name] = field.repeated ? [value, value] : value;
  }
  return sample;
}

/** Nesting ends at depth 3: a transaction holds transactions. */
function fieldValue(field: protobuf.Field, round: number, depth: number): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return depth < 3 ? sampleOf(resolvedType, round, depth + 1) : undefined;
  if (resolvedType instanceof protobuf.Enum) return Math.max(...Object.values(resolvedType.values));
  switch (field.type) {
    case 'bytes':
      return Buffer.from([0, field.id, 255]);
    case 'string':
      return `${field.name} ü`;
    case 'bool':
      return true;
    case 'uint32':
      return 0xffffff00 + field.id;
    case 'int64':
      return Long.MIN_VALUE.add(field.id);
    case 'uint64':
      return Long.MAX_UNSIGNED_VALUE.sub(field.id);
    default:
      throw new Error(`no sample for a field of type ${field.type}`);
  }
}
