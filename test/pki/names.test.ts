import test from 'ava';
import fc from 'fast-check';
import { checkName, type NameKind, parseName } from '#pki';

const accepted = test.macro<[string, NameKind, string]>({
  title: (_, text, kind, value) => `${JSON.stringify(text)} is the ${kind} name ${JSON.stringify(value)}`,
  exec: (t, text, kind, value) => t.deepEqual(checkName(text), { accepted: true, name: { kind, value } as never }),
});

test(accepted, 'm1', 'dns', 'm1');
test(accepted, 'M1.Example.COM', 'dns', 'm1.example.com');
test(accepted, 'm1.example.', 'dns', 'm1.example');
test(accepted, 'etcd_1', 'dns', 'etcd_1');
test(accepted, '*.etcd.default.svc', 'dns', '*.etcd.default.svc');
test(accepted, 'bücher.example', 'dns', 'xn--bcher-kva.example');
test(accepted, 'XN--BCHER-KVA.example', 'dns', 'xn--bcher-kva.example');
test(accepted, '1.2.3.4.example', 'dns', '1.2.3.4.example');
test(accepted, `${'a'.repeat(63)}.x`, 'dns', `${'a'.repeat(63)}.x`);
test(accepted, '10.0.0.1', 'ip', '10.0.0.1');
test(accepted, '0:0:0:0:0:0:0:1', 'ip', '::1');
test(accepted, '2001:DB8::0:1', 'ip', '2001:db8::1');
test(accepted, '::ffff:10.0.0.1', 'ip', '10.0.0.1');
test(accepted, '::FFFF:A00:1', 'ip', '10.0.0.1');
test(accepted, 'Ops@Example.COM', 'email', 'Ops@example.com');
test(accepted, 'spiffe://demo/member/m1', 'uri', 'spiffe://demo/member/m1');
test(accepted, 'HTTPS://M1.example:2379/x', 'uri', 'https://m1.example:2379/x');

const refused = test.macro<[string, RegExp]>({
  title: (_, text) =>
    `${JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}… (${text.length})` : text)} is refused`,
  exec: (t, text, reason) => {
    const error = t.throws(() => parseName(text), { code: 'name-refused' });
    t.regex(error?.message ?? '', reason);
  },
});

test(refused, '', /empty/);
test(refused, 'm1\nDNS:evil', /control/);
test(refused, 'm1\0.example', /control/);
test(refused, 'm1 example', /white space/);
test(refused, 'exam\u00adple.com', /invisible/);
test(refused, 'exam\u200bple.com', /invisible/);
test(refused, '\u202emoc.elpmaxe', /invisible/);
test(refused, 'm1,DNS:evil', /IPv6|port/);
test(refused, 'm1,evil', /letters, digits/);
test(refused, 'a..b', /empty label/);
test(refused, '.', /empty label/);
test(refused, '.m1', /empty label/);
test(refused, 'm1..', /empty label/);
test(refused, '-m1', /begins or ends/);
test(refused, 'm1-.x', /begins or ends/);
test(refused, '*', /whole first label/);
test(refused, '*.', /empty label/);
test(refused, '*.com', /two labels/);
test(refused, 'm*.example.com', /whole first label/);
test(refused, 'a.*.example.com', /whole first label/);
test(refused, '*.*.example.com', /whole first label/);
test(refused, 'xn--', /internationalised/);
test(refused, `${'a'.repeat(64)}.x`, /64 characters/);
test(refused, Array(64).fill('abcd').join('.'), /319 characters/);
test(refused, 'a'.repeat(5000), /5000 characters/);
test(refused, '10.0.0.300', /above 255/);
test(refused, '10.0.0.010', /octal/);
test(refused, '10.1', /four parts/);
test(refused, '2130706433', /four parts/);
test(refused, '0x7f.0.0.1', /decimal/);
test(refused, '0x7f000001', /decimal/);
test(refused, '10.0.0.1.', /five parts|four parts/);
test(refused, 'm1.example.1', /IPv4/);
test(refused, '０x7f.1', /four parts|IPv4/);
test(refused, '１０.0.0.１', /IPv4/);
test(refused, '10.0.0.0/8', /address range/);
test(refused, '0.0.0.0', /unspecified/);
test(refused, '::', /unspecified/);
test(refused, '0:0::0', /unspecified/);
test(refused, '[::1]', /brackets/);
test(refused, '[::1]:2379', /brackets/);
test(refused, 'fe80::1%eth0', /zone/);
test(refused, '1::2::3', /no IPv6/);
test(refused, 'm1:2379', /port/);
test(refused, '10.0.0.1:2379', /port/);
test(refused, '@example.com', /before "@"/);
test(refused, 'a b@example.com', /white space/);
test(refused, 'a@b@example.com', /before "@"/);
test(refused, 'a@*.example.com', /wildcard/);
test(refused, 'a@', /after "@"/);
test(refused, 'https://user:secret@m1', /password/);
test(refused, 'file:///etc/passwd', /host/);
test(refused, 'https://bücher.example', /ASCII/);
test(refused, 'http://a b', /white space/);

test('every reason is given, not the first one', (t) => {
  const verdict = checkName('-a..b*');
  t.deepEqual(verdict, {
    accepted: false,
    reasons: ['"-a" begins or ends with "-"', 'it has an empty label', '"*" is allowed as the whole first label only'],
  });
});

test('whatever is accepted is in its normal form already when it comes back', (t) => {
  const text = fc.oneof(
    fc.string(),
    fc.domain(),
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.emailAddress(),
    fc.webUrl(),
  );
  fc.assert(
    fc.property(text, (name) => {
      const first = checkName(name);
      if (first.accepted) t.deepEqual(checkName(first.name.value), first);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});
