import { X509Certificate } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { leafProfiles, PkiError, profileOf, profiles } from '#pki';
import { grantedNames, refusals, validity } from '../../pki/policy.js';
import { declared } from './every-profile.js';
import { bench, later, now } from './setting.js';

const dayMs = 86_400_000;

const words = fc.oneof(
  fc.constantFrom(
    'app',
    'root',
    '',
    ' app',
    'a\0b',
    'CN=root',
    'm1.example',
    '10.0.0.1',
    '10.0.0.1',
    '::1',
    '*.x.y',
    'a@b.c',
  ),
  fc.constantFrom('spiffe://a/b', '*', '0x7f.1', 'e\u0301', 'a'.repeat(65), '\u202e', 'xn--', 'bücher.example'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

const requests = fc.record({
  profile: fc.constantFrom(...leafProfiles, ...declared),
  commonName: fc.oneof(fc.constantFrom('app', 'm1.example', ''), words),
  names: fc.oneof(fc.constantFrom([], ['m1.example', '10.0.0.1']), fc.array(words, { maxLength: 3 })),
  days: fc.oneof(
    fc.constantFrom(1, 1095),
    fc.integer({ min: -1, max: 4000 }),
    fc.constantFrom(Number.NaN, 0.5, Number.POSITIVE_INFINITY),
  ),
});

test('whatever is asked for, what is granted is what was asked, within the profile, and everything else is refused', async (t) => {
  const { authority } = await bench(t);
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      const outcome = await authority
        .issue({ ...request, keyType: 'ecdsa-p256', now })
        .catch((error: unknown) => error);
      if (outcome instanceof PkiError) {
        t.is(outcome.code, 'request-refused');
        return;
      }
      granted += 1;
      const { certificatePem, notBefore, notAfter } = outcome as Awaited<ReturnType<typeof authority.issue>>;
      const certificate = new X509Certificate(certificatePem);
      const profile = profileOf(request.profile);
      t.false(certificate.ca);
      t.is(certificate.keyUsage.length, profile.extendedUsages.length);
      t.true(
        request.days <= profile.daysMax && notAfter.getTime() - notBefore.getTime() <= request.days * dayMs + 300_000,
      );
      const count = (certificate.subjectAltName ?? '').split(', ').filter((name) => name !== '').length;
      t.is(count, grantedNames(request.names).length);
      const subject = (certificate.subject as string | undefined) ?? '';
      t.is(subject.includes('CN='), request.commonName !== '');
    }),
    { numRuns: 300 },
  );
  t.true(granted > 10, `${granted} were granted`);
});

test('more reasons against a request never make it acceptable, and one that is refused is refused whatever else it asks', (t) => {
  fc.assert(
    fc.property(requests, words, (request, extra) => {
      const reasons = refusals(request, profilesAuthority, now);
      const more = refusals({ ...request, names: [...request.names, extra] }, profilesAuthority, now);
      const needed = reasons.filter(({ reason }) => !/needs the names/.test(reason));
      return needed.every(({ reason }) => more.some((other) => other.reason === reason));
    }),
    { numRuns: 500 },
  );
  t.pass();
});

const profilesAuthority = { notBefore: later(-10), notAfter: later(3650) };

test('a certificate is valid within its authority, begins before now and is no longer than asked for', (t) => {
  const times = fc.integer({ min: 0, max: 3_000_000_000_000 }).map((time) => new Date(time));
  fc.assert(
    fc.property(times, times, times, fc.integer({ min: 1, max: profiles.server.daysMax }), (at, a, b, days) => {
      const [notBefore, notAfter] = a < b ? [a, b] : [b, a];
      if (at < notBefore || at >= notAfter) return true;
      const granted = validity(at, days, { notBefore, notAfter });
      const length = granted.notAfter.getTime() - granted.notBefore.getTime();
      return (
        granted.notBefore >= notBefore &&
        granted.notAfter <= notAfter &&
        granted.notBefore <= at &&
        length <= days * dayMs + 300_000
      );
    }),
  );
  t.pass();
});
