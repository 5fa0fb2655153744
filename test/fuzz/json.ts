import fc from 'fast-check';
import protobuf from 'protobufjs';

// Arbitrary JSON for a message of the gateway: its fields by either of their names, with what fits and what does not.

const depthMax = 3;

const base64 = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.constantFrom('', 'YQ==', 'AA==', 'YQ', '-_8', '*', 'a'),
);
const numbers = fc.oneof(
  fc.integer(),
  fc.constantFrom('0', '12', '-1', '9223372036854775807', '9223372036854775808', '1e3', '0x10', ' 1', 1e300, 1.5),
);
const texts = fc.oneof(
  fc.constantFrom('', 'root', 'u', 'v', 'r', 'secret'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const senseless = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('\u202e', [], {}, null, true));

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function value(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const one = single(field, depth);
  return field.repeated ? fc.array(one, { maxLength: 3 }) : one;
}

function single({ resolvedType, type }: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  if (resolvedType instanceof protobuf.Type) return depth < depthMax ? shape(resolvedType, depth + 1) : fc.constant({});
  if (resolvedType instanceof protobuf.Enum) {
    const { values } = resolvedType;
    return fc.constantFrom<unknown>(...Object.keys(values), ...Object.values(values), 99, -1, 'NONE_SUCH');
  }
  if (type === 'bytes') return base64;
  if (type === 'string') return texts;
  return type === 'bool' ? fc.boolean() : numbers;
}

function shape(type: protobuf.Type, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = type.fieldsArray.map((field) => field.resolve());
  const known = fields.map((field) =>
    fc.record({
      name: fc.constantFrom(field.name, camelCase(field.name)),
      value: fc.oneof({ weight: 8, arbitrary: value(field, depth) }, { weight: 1, arbitrary: senseless }),
    }),
  );
  const strange = fc.record({
    name: fc.constantFrom('__proto__', 'constructor', 'toString', '', 'x'),
    value: senseless,
  });
  return fc.array(fc.oneof(...known, ...known, strange), { maxLength: 4 }).map(objectOf);
}

/** `__proto__` too is a key like any other, as JSON has it. */
const objectOf = (members: readonly { readonly name: string; readonly value: unknown }[]): Record<string, unknown> =>
  Object.fromEntries(members.map(({ name, value }) => [name, value]));

/** A body for a message of the type. */
export const jsonBody = (type: protobuf.Type): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 12, arbitrary: shape(type, 0).map((each) => JSON.stringify(each)) },
    { weight: 1, arbitrary: fc.oneof(fc.json(), fc.string({ unit: 'binary', maxLength: 40 })) },
  );
