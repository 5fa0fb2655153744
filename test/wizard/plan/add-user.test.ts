import test from 'ava';
import fc from 'fast-check';
import { withUser } from '../../../wizard/plan/edit-text.js';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { printPlan } from '../../../wizard/plan/print.js';
import { samplePlan } from '../plans.js';

const head = `version: 1 # the first
cluster: { name: demo }   # as it was written
members:
  - {name: m1, host: 127.0.0.1}
`;

const ann = { name: 'ann', roles: ['root'], key: 'elsewhere' } as const;

/** What stands behind `head`, and what becomes of it. */
const grows = test.macro<[string, string, string]>({
  title: (_, what) => `a plan with ${what} gets one user more`,
  exec(t, _, before, after) {
    t.is(withUser(head + before, ann), head + after);
    t.deepEqual(parsePlanText(head + after, 'plan').plan.access.users.at(-1), { ...ann, password: false });
  },
});

const line = '- { name: ann, roles: [ root ], key: elsewhere }';

test(
  grows,
  'users in lines',
  `access:\n  users: # who\n    - {name: app, roles: [root]} # the app\n    # nobody else\n# the end\n`,
  `access:\n  users: # who\n    - {name: app, roles: [root]} # the app\n    ${line}\n    # nobody else\n# the end\n`,
);
test(
  grows,
  'users in paragraphs, and no line break at the end',
  `access:\n  users:\n  - name: app\n    roles:\n      - root`,
  `access:\n  users:\n  - name: app\n    roles:\n      - root\n  ${line}`,
);

for (const [what, rest] of [
  ['users in one line', 'access: { users: [{ name: app, roles: [root] }] } # who\n'],
  ['no users', 'access:\n  roles: [] # none\n'],
  ['an empty list of users', 'access: { users: [] }\n'],
  ['no access', '# the end\n'],
] as const) {
  test(`a plan with ${what} gets one user more, and keeps its comments`, (t) => {
    const before = parsePlanText(head + rest, 'plan').plan;
    const text = withUser(head + rest, ann);
    const { access, ...others } = parsePlanText(text, 'plan').plan;
    t.deepEqual({ ...others, access: { ...access, users: access.users.slice(0, -1) } }, before);
    t.deepEqual(access.users.at(-1), { ...ann, password: false });
    const comments = (of: string): readonly string[] => of.match(/#.*/g) ?? [];
    t.deepEqual(comments(text), comments(head + rest));
  });
}

test('whatever the name and the roles are, they are read back, and a printed plan has one more line', (t) => {
  const plan = printPlan(samplePlan('included', 'local', 3));
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 3 }), (name, roles) => {
      const text = withUser(plan, { name, roles });
      const removed = new Set(plan.split('\n'));
      for (const kept of text.split('\n')) removed.delete(kept);
      return removed.size === 0 && text.split('\n').length === plan.split('\n').length + 1;
    }),
  );
  t.pass();
});
