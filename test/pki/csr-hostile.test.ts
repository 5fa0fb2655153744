// Requests that no tool writes: signed by the key that is in them, and hostile in what they say.
import { generateKeyPairSync, sign } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { PkiError, parseCertificateRequest, type Refusal } from '#pki';
import { contextTag, derTags } from '../../pki/der.js';
import { publicKeyDer } from '../../pki/keys.js';
import { der, derBits, derOid, derSequence } from './der-writer.js';
import { bench, now } from './setting.js';

const { privateKey } = generateKeyPairSync('ed25519');
const algorithm = derSequence(derOid('1.3.101.112'));

const attribute = (value: Buffer, oid = '2.5.4.3'): Buffer => der(derTags.set, derSequence(derOid(oid), value));
const utf8 = (text: string): Buffer => der(derTags.utf8String, Buffer.from(text));
const cn = (text: string): Buffer => derSequence(attribute(utf8(text)));

const extension = (oid: string, value: Buffer): Buffer => derSequence(derOid(oid), der(derTags.octetString, value));
const dns = (name: string): Buffer => der(contextTag(2), Buffer.from(name));
const names = (...all: readonly Buffer[]): Buffer => extension('2.5.29.17', derSequence(...all));

/** A whole request of these parts, properly signed. */
function request(subject: Buffer, extensions: readonly Buffer[] = [], more: readonly Buffer[] = []): Buffer {
  const asked = derSequence(derOid('1.2.840.113549.1.9.14'), der(derTags.set, derSequence(...extensions)));
  const attributes = der(contextTag(0, true), ...(extensions.length === 0 ? [] : [asked]), ...more);
  const info = derSequence(der(derTags.integer, Buffer.from([0])), subject, publicKeyDer(privateKey), attributes);
  return derSequence(info, algorithm, derBits(sign(null, info, privateKey)));
}

const again = (oid: string): Buffer => derSequence(derOid(oid), der(derTags.set, derSequence(names(dns('a')))));

const certify = async (t: Parameters<typeof bench>[0], bytes: Buffer, commonName = 'app') => {
  const { authority } = await bench(t);
  const outcome = await (async () => {
    const csr = parseCertificateRequest(bytes, 'x.csr');
    return authority.certify({ profile: 'client', commonName, names: [], days: 1, csr, now });
  })().catch((error: unknown) => error);
  t.is(authority.ledger.size, outcome instanceof Error ? 1 : 2);
  return outcome;
};

test('a request of these parts is granted when nothing is wrong with it', async (t) => {
  t.false((await certify(t, request(cn('app')))) instanceof Error);
});

const refused = test.macro<[string, Buffer, RegExp]>({
  title: (_, what) => `a request ${what} is refused`,
  async exec(t, _, bytes, said) {
    const error = await certify(t, bytes);
    t.true(error instanceof PkiError, String(error));
    t.regex(String(error), said);
    // Nothing that moves a terminal's cursor or hides text.
    t.notRegex(String(error), /[\p{Cc}\p{Cf}]/u);
  },
});

test(refused, 'with a NUL in its common name', request(cn('app\0.evil')), /is for "app\\u0000\.evil"/);
test(
  refused,
  'with an escape sequence in its common name',
  request(cn('app\u001b[2K\u009b')),
  /"app\\u001b\[2K\\u\{9b\}"/,
);
test(refused, 'with a reversed common name', request(cn('\u202eppa')), /"\\u\{202e\}ppa"/);
test(refused, 'whose common name is another form in Unicode', request(cn('ａｐｐ')), /is for "ａｐｐ"/);
test(refused, 'with a space behind its common name', request(cn('app ')), /is for "app "/);
test(
  refused,
  'with a NUL in a name',
  request(cn('app'), [names(dns('a\0.b'))]),
  /"a\\u0000\.b" of the request.*control/,
);
test(
  refused,
  'with 3,000 names',
  request(cn('app'), [names(...Array(3000).fill(dns('n.x')))]),
  /has 3000, at most 100/,
);
test(
  refused,
  'with 10,000 names',
  request(cn('app'), [names(...Array(10_000).fill(dns('n.xy')))]),
  /has 10000, at most 100/,
);
test(
  refused,
  'with names twice',
  request(cn('app'), [names(dns('a')), names(dns('b'))]),
  /2\.5\.29\.17 is in it twice/,
);
test(
  refused,
  'that asks in two places',
  request(cn('app'), [names(dns('a'))], [again('1.2.840.113549.1.9.14')]),
  /in two places/,
);
test(
  refused,
  'with half an address',
  request(cn('app'), [names(der(contextTag(7), Buffer.from([10, 0])))]),
  /"0x0a00" of the request/,
);
test(
  refused,
  'whose common name is no text',
  request(derSequence(attribute(der(derTags.utf8String, Buffer.from([0xff]))))),
  /CN of the subject is not the kind of text/,
);
test(
  refused,
  'whose common name is a number',
  request(derSequence(attribute(der(derTags.integer, Buffer.from([1]))))),
  /a kind of text that is not read/,
);
test(
  refused,
  'with two common names in one part',
  request(
    derSequence(
      der(derTags.set, derSequence(derOid('2.5.4.3'), utf8('app')), derSequence(derOid('2.5.4.3'), utf8('root'))),
    ),
  ),
  /has 2: "app", "root"/,
);
test(refused, 'in a length of five octets', Buffer.from('30850000000000', 'hex'), /a length that goes beyond its end/);
test(
  refused,
  'in a form of BER',
  Buffer.concat([Buffer.from([0x30, 0x80]), request(cn('app')), Buffer.from([0, 0])]),
  /that is BER, not DER/,
);

test('whatever a request says, at most its key is certified, under the name that was to be issued', async (t) => {
  const { authority } = await bench(t);
  const texts = fc.oneof(fc.constantFrom('app', 'root', 'a\0b', ''), fc.string({ unit: 'binary', maxLength: 8 }));
  const kinds = fc.constantFrom(derTags.utf8String, derTags.printableString, derTags.ia5String, derTags.bmpString);
  const fields = fc.array(fc.tuple(fc.constantFrom('2.5.4.3', '2.5.4.10', '1.2.3'), kinds, texts), { maxLength: 3 });
  const values = fc.uint8Array({ maxLength: 12 }).map((octets) => Buffer.from(octets));
  const oids = fc.constantFrom('2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.37', '2.5.29.30', '1.2.3.4');
  const extensions = fc.array(
    fc.tuple(oids, values).map(([oid, value]) => extension(oid, value)),
    { maxLength: 3 },
  );
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(fields, extensions, async (subject, asked) => {
      const certify = async () => {
        const parts = subject.map(([oid, tag, text]) => attribute(der(tag, Buffer.from(text)), oid));
        const csr = parseCertificateRequest(request(derSequence(...parts), asked), 'x.csr');
        return authority.certify({ profile: 'client', commonName: 'app', names: [], days: 1, csr, now });
      };
      const outcome = await certify().catch((error: Error) => error);
      if (outcome instanceof PkiError) {
        const reasons = (outcome.details.refusals as Refusal[] | undefined) ?? [];
        t.true(outcome.code === 'request-unreadable' || reasons.length > 0);
        return;
      }
      if (outcome instanceof Error) throw outcome;
      granted += 1;
      const entry = authority.ledger.find(outcome.serial);
      t.deepEqual([entry?.subject, entry?.names, entry?.organization], ['app', [], undefined]);
    }),
    { numRuns: 500 },
  );
  t.true(granted > 5, `${granted} were granted`);
});
