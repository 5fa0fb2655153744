import test from 'ava';
import fc from 'fast-check';
import { lookObjection, skeleton } from '../../../wizard/plan/look-alikes.js';
import { parsePlan } from '../../../wizard/plan/parse.js';
import { userNameRule } from '../../../wizard/plan/rules.js';

for (const name of [
  'app',
  'größe',
  'Łukasz',
  'Пётр',
  'Ἀλέξ',
  '株式会社',
  'さくら株',
  '김민수',
  'שלום',
  'm-1.x@y_z',
  'x9',
]) {
  test(`${name} will do as a user name`, (t) => t.is(lookObjection(name), undefined));
}

for (const [name, what] of [
  ['rооt', /mixes letters of several scripts/],
  ['аpp', /mixes letters/],
  ['αdmin', /mixes letters/],
  ['ａｐｐ', /turn into "app"/],
  ['ﬁle', /turn into "file"/],
  ['o\u0308', /turn into "ö"/],
  ['app²', /turn into "app2"/],
  ['app٣', /has the digit "٣" \(U\+0663\)/],
  ['ᎠᏢᏢ', /in no everyday use/],
] as const) {
  test(`${name} is refused as a user name, and the message tells the letters apart`, (t) => {
    const objection = lookObjection(name);
    t.regex(objection?.what ?? '', what);
    t.regex(objection?.what ?? '', /U\+/);
  });
}

const users = (...names: readonly string[]) => ({
  version: 1,
  cluster: { name: 'demo' },
  members: [{ name: 'm1', host: '127.0.0.1' }],
  access: { users: names.map((name) => ({ name, roles: ['root'] })) },
});

for (const [names, said] of [
  [['app', 'APP'], /users\[1\]\.name: "APP" is already the name of access\.users\[0\]/],
  [['ope', 'оре'], /users\[1\]\.name: "оре" looks like the name of access\.users\[0\]/],
  [['ope', 'ΟΡΕ'], /looks like the name of access\.users\[0\]/],
  [['Root'], /users\[0\]\.name: "Root" can be taken for root/],
  [['М1'], /mixes|member's name/],
] as const) {
  test(`a plan with the users ${names.join(' and ')} is refused`, (t) => {
    const error = t.throws(() => parsePlan(users(...names), 'plan'), { code: 'plan-refused' });
    const { complaints } = error as unknown as { complaints: { path: (string | number)[]; what: string }[] };
    const text = complaints.map(({ path: [, list, index, field], what }) => `${list}[${index}].${field}: ${what}`);
    t.regex(text.join('\n'), said);
  });
}

test('a name looks like itself in any case and any form of Unicode, and a skeleton like itself', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (name) => {
      const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => skeleton(name.normalize(form)));
      return new Set(forms).size === 1;
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9._@-]{1,30}$/), (name) => {
      return skeleton(name.toUpperCase()) === skeleton(name) && skeleton(skeleton(name)) === skeleton(name);
    }),
  );
  t.pass();
});

test('what will do as a user name is in its normal form, without white space and without anything that can not be seen', (t) => {
  const letters = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
  const mixed = fc.string({ unit: fc.constantFrom(...'abАаеΑα0٣ﬁ\u0301 \u200d\u202e\0é'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.oneof(letters, mixed), (name) => {
      if (userNameRule(name) !== undefined) return true;
      return name === name.normalize('NFKC') && !/[\s\p{C}]/u.test(name) && !/[/\\]/.test(name);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});
