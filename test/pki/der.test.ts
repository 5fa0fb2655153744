import test from 'ava';
import fc from 'fast-check';
import { DerError, derTags, readOid, readValue, readValues } from '../../pki/der.js';
import { der, derOid } from './der-writer.js';

const octets = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
const tags = fc.constantFrom(derTags.octetString, derTags.sequence, derTags.utf8String, 0x80, 0xa3);

test('what is written is read back, alone and in a row', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(tags, octets), { maxLength: 4 }), (values) => {
      const written = values.map(([tag, content]) => der(tag, content));
      const read = readValues(Buffer.concat(written));
      return (
        read.length === values.length &&
        read.every(({ tag, content }, n) => tag === values[n]?.[0] && content.equals(values[n]?.[1] ?? Buffer.alloc(1)))
      );
    }),
  );
  t.pass();
});

test('octets are read in the one form that is written, or not at all', (t) => {
  const near = fc.tuple(tags, octets, fc.nat(), fc.nat(255)).map(([tag, content, at, octet]) => {
    const bytes = der(tag, content);
    bytes[at % Math.min(bytes.length, 6)] = octet;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(octets, near), (bytes) => {
      try {
        const { tag, content } = readValue(bytes);
        return der(tag, content).equals(bytes);
      } catch (error) {
        return error instanceof DerError;
      }
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('object identifiers are read back, with arcs of any size', (t) => {
  const arc = fc.oneof(fc.nat(200), fc.nat(2 ** 31 - 1));
  fc.assert(
    fc.property(
      fc.constantFrom('0.9', '1.2', '1.39', '2.5', '2.100'),
      fc.array(arc, { maxLength: 8 }),
      (head, rest) => {
        const oid = [head, ...rest].join('.');
        return readOid(readValue(derOid(oid)), 'it') === oid;
      },
    ),
  );
  t.pass();
});
