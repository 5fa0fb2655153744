import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { certificateStates, Ledger, type LedgerEntry, type LedgerQuery, parseSerial, stateOf } from '#pki';
import { bench, later, now } from './setting.js';

const profiles = ['client', 'server', 'batch'];
const subjects = ['app', 'app2', 'apple', 'APP', 'ä', ''];

/** A ledger with many entries of few kinds, so that all orders have ties. */
async function filled(t: ExecutionContext): Promise<{ ledger: Ledger; entries: LedgerEntry[] }> {
  const { path, authority } = await bench(t);
  let count = 0;
  const ledger = await Ledger.open(path('pki'), {
    serial: () => createHash('md5').update(String(count++)).digest('hex').replace(/^./, '4'),
  });
  const made = Array.from({ length: 300 }, async (_, n): Promise<LedgerEntry> => {
    const entry = {
      serial: await ledger.reserve(now),
      profile: profiles[(n * 7) % 3] ?? '',
      subject: subjects[(n * 5) % 6] ?? '',
      names: [],
      notBefore: now.toISOString(),
      notAfter: later(((n * 11) % 40) - 10).toISOString(),
      at: now.toISOString(),
      fingerprint: String(n),
    };
    await ledger.record(entry, Buffer.alloc(0), now);
    return entry;
  });
  const root = ledger.find(authority.certificate.serial) as LedgerEntry;
  return { ledger, entries: [root, ...(await Promise.all(made))] };
}

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const orders = {
  expiry: (a: LedgerEntry, b: LedgerEntry) => compare(a.notAfter, b.notAfter) || compare(a.serial, b.serial),
  issue: (a: LedgerEntry, b: LedgerEntry) => compare(a.serial, b.serial),
  subject: (a: LedgerEntry, b: LedgerEntry) => compare(a.subject, b.subject) || compare(a.serial, b.serial),
};

function expected(entries: readonly LedgerEntry[], query: LedgerQuery): string[] {
  const fit = entries.filter(
    (entry) =>
      (query.profiles?.includes(entry.profile) ?? true) &&
      (query.subject ?? entry.subject) === entry.subject &&
      entry.subject.startsWith(query.subjectPrefix ?? '') &&
      (query.states?.includes(stateOf(entry, now)) ?? true) &&
      entry.notAfter <= (query.endsUntil?.toISOString() ?? '9'),
  );
  const sorted = fit.toSorted(orders[query.order ?? 'expiry']);
  return (query.reverse ? sorted.reverse() : sorted).map(({ serial }) => serial);
}

test('whatever is asked for, the ledger finds what reading all of it would, in the same order', async (t) => {
  const { ledger, entries } = await filled(t);
  const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(arbitrary, { nil: undefined });
  const queries = fc.record({
    now: fc.constant(now),
    profiles: maybe(fc.subarray([...profiles, 'root', 'none'])),
    subject: maybe(fc.constantFrom(...subjects)),
    subjectPrefix: maybe(fc.constantFrom('', 'a', 'app', 'z')),
    states: maybe(fc.subarray([...certificateStates])),
    endsUntil: maybe(fc.integer({ min: -20, max: 50 }).map((days) => later(days))),
    order: maybe(fc.constantFrom('expiry', 'issue', 'subject')),
    reverse: fc.boolean(),
  });
  // Few that are revoked are found in another way than many.
  for (const count of [0, 20, 150]) {
    const serials = entries.filter((_, n) => n % 2 === 1).map(({ serial }) => serial);
    await ledger.revoke(serials.slice(0, count), 'superseded', now);
    const known = entries.map(({ serial }) => ledger.find(serial) as LedgerEntry);
    t.is(known.filter(({ revocation }) => revocation !== undefined).length, count);
    fc.assert(
      fc.property(queries, (query) => {
        t.deepEqual(
          [...ledger.select(query)].map(({ serial }) => serial),
          expected(known, query),
        );
      }),
      { numRuns: 150 },
    );
  }
  await ledger.close();
});

for (const [text, serial] of [
  ['41:BC:2F', '41bc2f'],
  ['0x41bc2f', '41bc2f'],
  ['serial=41BC2F', '41bc2f'],
  ['0041bc2f', '41bc2f'],
  ['41 bc 2f', '41bc2f'],
  ['f00', '0f00'],
  ['0', '00'],
  ['app', undefined],
  ['', undefined],
  ['-41', undefined],
  ['41'.repeat(21), undefined],
] as const) {
  test(`the serial ${JSON.stringify(text)} is ${serial ?? 'none'}`, (t) => {
    t.is(parseSerial(text), serial);
  });
}
