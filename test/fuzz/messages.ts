import fc from 'fast-check';
import Long from 'long';
import protobuf from 'protobufjs';

// Arbitrary messages of any type that the .proto files describe: sensible, extreme and senseless values, each field or none.

const depthMax = 4;

const bytes = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('', 'a', 'b', 'aa', '\0', '\xff').map((text) => Buffer.from(text, 'latin1')),
  },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 24 }).map((array) => Buffer.from(array)) },
  { weight: 1, arbitrary: fc.constantFrom(1000, 70_000, 1_600_000).map((length) => Buffer.alloc(length, 'x')) },
);
const texts = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('', 'root', 'u', 'v', 'r', 'secret', 'http://127.0.0.1:1', '3.6.0') },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(70_000), '\0', '../..', 'a\nb') },
);
const extremes = [Long.MIN_VALUE, Long.MAX_VALUE, Long.fromNumber(2 ** 53), Long.NEG_ONE];
const wide = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }).map((n) => Long.fromNumber(n)) },
  { weight: 2, arbitrary: fc.constantFrom(...extremes) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => Long.fromBigInt(n)) },
);

/** An encoded message of the type. */
export const encodedMessage = (type: protobuf.Type): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 12, arbitrary: message(type, 0).map((shape) => Buffer.from(type.encode(shape).finish())) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)) },
  );

function message(type: protobuf.Type, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = type.fieldsArray.flatMap((field) => {
    const value = fieldValue(field.resolve(), depth);
    return value === undefined ? [] : [[field.name, value] as const];
  });
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] }).map((shape) => withOneOfEach(type, shape));
}

function fieldValue(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> | undefined {
  const one = singleValue(field, depth);
  if (one === undefined || !field.repeated) return one;
  const few = fc.array(one, { maxLength: depth === 0 ? 3 : 1 });
  if (depth > 0) return few;
  const many = fc.array(one, { minLength: 129, maxLength: 140, size: 'max' });
  return fc.oneof({ weight: 12, arbitrary: few }, { weight: 1, arbitrary: many });
}

function singleValue({ resolvedType, type }: protobuf.Field, depth: number): fc.Arbitrary<unknown> | undefined {
  if (resolvedType instanceof protobuf.Type) return depth < depthMax ? message(resolvedType, depth + 1) : undefined;
  if (resolvedType instanceof protobuf.Enum) return fc.constantFrom(...Object.values(resolvedType.values), 99, -1);
  switch (type) {
    case 'bytes':
      return bytes;
    case 'string':
      return texts;
    case 'bool':
      return fc.boolean();
    case 'uint32':
      return fc.nat();
    default:
      return wide;
  }
}

function withOneOfEach(type: protobuf.Type, shape: Record<string, unknown>): Record<string, unknown> {
  const doubled = type.oneofsArray.flatMap(({ oneof }) => oneof.filter((name) => name in shape).slice(1));
  return Object.fromEntries(Object.entries(shape).filter(([name]) => !doubled.includes(name)));
}
