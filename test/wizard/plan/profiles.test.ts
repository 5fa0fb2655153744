import test from 'ava';
import fc from 'fast-check';
import { leafProfiles, profileOf, profileReasons } from '#pki';
import { parsePlan, parsePlanText } from '../../../wizard/plan/parse.js';
import { printPlan } from '../../../wizard/plan/print.js';
import { findProfile } from '../../../wizard/plan/profiles.js';

const planWith = (profile: object) => ({
  version: 1,
  cluster: { name: 'demo' },
  members: [{ name: 'm1', host: '127.0.0.1' }],
  pki: { profiles: [{ name: 'batch', usages: ['clientAuth'], ...profile }] },
});

const complaintsOf = (plan: unknown): string[] => {
  try {
    parsePlan(plan, 'plan');
    return [];
  } catch (error) {
    const { complaints } = error as { complaints: { path: (string | number)[]; what: string }[] };
    return complaints.map(({ path, what }) => `${path.join('.')}: ${what}`);
  }
};

test('a profile of a plan is what it says, completed by what is usual', (t) => {
  const { plan } = parsePlan(planWith({ organization: 'batch jobs', keyType: 'ed25519', daysMax: 30 }), 'plan');
  const found = findProfile(plan, 'batch');
  t.deepEqual(found?.choice, {
    ...{ name: 'batch', extendedUsages: ['clientAuth'], nameKinds: [], namesRequired: false, commonName: 'required' },
    ...{ organization: 'batch jobs', daysDefault: 30, daysMax: 30 },
  });
  t.is(found?.keyType, 'ed25519');
  t.deepEqual(parsePlanText(printPlan(plan), 'printed').plan, plan);
});

const refused = test.macro<[string, object, RegExp]>({
  title: (_, what) => `a profile ${what} is refused where it stands`,
  exec(t, _, profile, said) {
    t.regex(complaintsOf(planWith(profile)).join('\n'), said);
  },
});

for (const name of [...leafProfiles, 'root', 'ca', 'intermediate'])
  test(refused, `named ${name}`, { name }, /pki\.profiles\.0: .* is built in/);
for (const name of ['', 'Batch', '../x', '9x', 'x'.repeat(41), 'bätch'])
  test(refused, `named ${JSON.stringify(name)}`, { name }, /pki\.profiles\.0: its name is not a-z/);
test(refused, 'for nothing', { usages: [] }, /it has no usage/);
test(refused, 'for one thing twice', { usages: ['clientAuth', 'clientAuth'] }, /has a usage twice/);
test(refused, 'to sign certificates', { usages: ['keyCertSign'] }, /usages\.0: can't be "keyCertSign"/);
test(refused, 'with a path length', { pathLength: 0 }, /pki\.profiles\.0\.pathLength: is no field/);
test(refused, 'with key usages', { keyUsages: ['keyCertSign'] }, /keyUsages: is no field/);
test(refused, 'to be an authority', { ca: true }, /profiles\.0\.ca: is no field/);
test(refused, 'for servers without names', { usages: ['serverAuth'], names: ['uri'] }, /nobody could dial it/);
test(refused, 'without a common name or names', { commonName: 'absent' }, /it needs names, and allows no kind/);
test(refused, 'for ever', { daysMax: 3651 }, /daysMax is no whole number from 1 to 3650/);
test(refused, 'for half a day', { daysMax: 0.5 }, /daysMax is no whole number/);
test(refused, 'with more days than its most', { days: 31, daysMax: 30 }, /days are no whole number from 1 to 30/);
test(refused, 'with a control character', { organization: 'a\u0000' }, /can't be seen/);
test(refused, 'with everything wrong', { name: 'ca', usages: [], daysMax: 0 }, /is built in\n.*no usage.*\n.*daysMax/);

test('a profile twice is refused at the second', (t) => {
  const plan = planWith({});
  const [batch] = plan.pki.profiles;
  const complaints = complaintsOf({ ...plan, pki: { profiles: [batch, batch] } });
  t.deepEqual(complaints, ['pki.profiles.1.name: "batch" is already the name of pki.profiles[0]']);
});

test('whatever a plan declares, a profile that is taken signs nothing and lasts no longer than a leaf', (t) => {
  const words = fc.constantFrom(
    'serverAuth',
    'clientAuth',
    'keyCertSign',
    'dns',
    'ip',
    'ca',
    'root',
    'batch',
    'required',
  );
  const value = fc.oneof(words, fc.array(words, { maxLength: 3 }), fc.integer({ min: -1, max: 5000 }), fc.boolean());
  const fields = [
    'name',
    'usages',
    'names',
    'namesRequired',
    'commonName',
    'days',
    'daysMax',
    'pathLength',
    'keyUsages',
  ];
  const profile = fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 6 });
  let taken = 0;
  fc.assert(
    fc.property(profile, (declared) => {
      const plan = planWith(declared);
      if (complaintsOf(plan).length > 0) return true;
      taken += 1;
      const [own] = parsePlan(plan, 'plan').plan.pki.profiles;
      const choice = findProfile(parsePlan(plan, 'plan').plan, own?.name ?? '')?.choice ?? 'client';
      const { keyUsages, pathLength, daysMax } = profileOf(choice);
      t.deepEqual([keyUsages, pathLength], [['digitalSignature'], undefined]);
      return daysMax <= 3650 && typeof choice === 'object' && profileReasons(choice).length === 0;
    }),
    { numRuns: 1000 },
  );
  t.true(taken > 10, `${taken} were taken`);
});
