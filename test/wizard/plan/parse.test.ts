import test from 'ava';
import { WizardError } from '../../../wizard/errors.js';
import { complaintText } from '../../../wizard/plan/complaints.js';
import { parsePlan, parsePlanText } from '../../../wizard/plan/parse.js';
import { defaultPlan, usersOf } from '../../../wizard/plan/plan.js';
import { printPlan } from '../../../wizard/plan/print.js';

const contract = `version: 1
cluster:
  name: demo                 # also the initial cluster token
  engine: included           # included | etcd
  run: local                 # local | systemd | static-pod
members:
  - { name: m1, host: 127.0.0.1, clientPort: 2379, peerPort: 2380 }
  - { name: m2, host: 127.0.0.1, clientPort: 22379, peerPort: 22380 }
  - { name: m3, host: 127.0.0.1, clientPort: 32379, peerPort: 32380 }
pki:
  keyType: ecdsa-p256        # ecdsa-p256 | ecdsa-p384 | ed25519 | rsa-2048 | rsa-3072 | rsa-4096
  caDays: 3650
  certDays: 365
access:
  roles:
    - name: app-writer
      permissions:
        - { access: readwrite, prefix: /app/ }
        - { access: read, key: /config/version }
        - { access: write, key: a, end: b }
  users:
    - { name: app, roles: [app-writer] }                  # signs in with its certificate
    - { name: backup, roles: [root], password: true }       # may also use a password, asked for or generated, never in this file
`;

const refusal = (text: string): WizardError => {
  try {
    parsePlanText(text, 'quorate.yaml');
  } catch (error) {
    if (error instanceof WizardError) return error;
    throw error;
  }
  throw new Error('the plan was not refused');
};

const plan = (members: string, rest = ''): string => `version: 1\ncluster: { name: demo }\nmembers:\n${members}${rest}`;
const one = '  - { name: m1, host: 10.0.0.1 }\n';

test('the example of the contract is a plan without complaints', (t) => {
  const { plan: read, warnings } = parsePlanText(contract, 'quorate.yaml');
  t.deepEqual(warnings, []);
  t.is(read.members.length, 3);
  t.deepEqual(read.access.roles[0]?.permissions, [
    { access: 'readwrite', prefix: '/app/' },
    { access: 'read', key: '/config/version' },
    { access: 'write', key: 'a', end: 'b' },
  ]);
  t.deepEqual(
    usersOf(read).map(({ name, roles, password }) => [name, roles, password]),
    [
      ['root', ['root'], false],
      ['app', ['app-writer'], false],
      ['backup', ['root'], true],
    ],
  );
});

test('version, cluster.name and members are enough, everything else has a default', (t) => {
  const { plan: read } = parsePlanText(plan(one), 'quorate.yaml');
  t.deepEqual(read, {
    version: 1,
    cluster: { name: 'demo', engine: 'included', run: 'local' },
    members: [{ name: 'm1', host: '10.0.0.1', clientPort: 2379, peerPort: 2380, addresses: [] }],
    pki: { keyType: 'ecdsa-p256', authority: 'root', caDays: 3650, certDays: 365, profiles: [] },
    access: { roles: [], users: [] },
  });
});

for (const [title, value] of [
  ['the default plan', defaultPlan],
  ['the example of the contract', parsePlanText(contract, '').plan],
  [
    'a plan with everything in it',
    {
      ...defaultPlan,
      cluster: { name: 'größer.1', engine: 'etcd', run: 'static-pod', image: 'registry.k8s.io/etcd:3.5.21-0' },
      members: [
        { name: 'm1', host: '2001:db8::1', clientPort: 1, peerPort: 65535, addresses: ['10.0.0.1', 'etcd.example'] },
      ],
      access: {
        roles: [
          {
            name: 'yes: # "\'',
            permissions: [
              { access: 'read', prefix: '' },
              { access: 'write', key: '~', end: '\0' },
            ],
          },
        ],
        users: [{ name: 'null', roles: ['yes: # "\'', 'root'], password: true }],
      },
    },
  ],
] as const) {
  test(`${title} printed and read again is the same plan`, (t) => {
    t.deepEqual(parsePlanText(printPlan(value), 'quorate.yaml').plan, value);
  });
}

test('a printed plan has the style of the contract', (t) => {
  const printed = printPlan(defaultPlan);
  t.regex(printed, /^version: 1\ncluster:\n {2}name: demo # also the initial cluster token\n/);
  t.regex(printed, /\n {2}- \{ name: m2, host: 127.0.0.1, clientPort: 22379, peerPort: 22380 \}\n/);
  t.regex(printed, /\n {8}- \{ access: readwrite, prefix: \/app\/ \}\n/);
  t.regex(printed, /\n {4}- \{ name: app, roles: \[ app-writer \] \}\n/);
});

/** A plan, and the complaints about it as `line:column: path: what`. */
const refusals: readonly (readonly [title: string, text: string, complaints: readonly string[]])[] = [
  ['an empty file', '', ['1:1: is empty']],
  ['a list', '- 1\n', ['1:1: is no plan']],
  [
    'text that is no YAML',
    'version: 1\ncluster: {\n',
    ['3:1: is not YAML: flow map in block collection must be sufficiently indented and end with a }'],
  ],
  ['a field twice', 'version: 1\nversion: 1\n', ['2:1: is not YAML: map keys must be unique']],
  [
    'a later version',
    'version: 2\nmembers: 7\n',
    ['1:1: version: plan version 2 is newer than this quorate reads (1)'],
  ],
  ['a version as text', plan(one).replace('1', '"1"'), ['1:1: version: can\'t be "1"']],
  [
    'nothing but a version',
    'version: 1\n',
    ['1:1: cluster: is missing: a group of fields is required', '1:1: members: is missing: a list is required'],
  ],
  ['an unknown field', plan(one, 'memebers: []\n'), ['5:1: memebers: is no field of a plan here']],
  [
    'an unknown field of a member',
    plan('  - { name: m1, host: h, port: 1 }\n'),
    ['4:26: members[0].port: is no field of a plan here'],
  ],
  ['no members', 'version: 1\ncluster: { name: demo }\nmembers: []\n', ['3:1: members: must have at least one entry']],
  [
    'a name that YAML takes for a number',
    plan('  - { name: 1, host: h }\n'),
    ['4:7: members[0].name: must be text, not 1'],
  ],
  ['an unknown engine', plan(one).replace('demo', 'demo, engine: etdc'), ['2:24: cluster.engine: can\'t be "etdc"']],
  [
    'two members of one name',
    plan(`${one}  - { name: M1, host: 10.0.0.2 }\n  - { name: m3, host: 10.0.0.3 }\n`),
    ['5:7: members[1].name: "M1" is already the name of members[0], "m1": they differ in case alone'],
  ],
  [
    'ports that clash',
    plan(
      '  - { name: m1, host: "::1", peerPort: 2379 }\n  - { name: m2, host: "0:0::1" }\n  - { name: m3, host: "::1", clientPort: 1, peerPort: 2 }\n',
    ),
    [
      '4:30: members[0].peerPort: 2379 on ::1 is the peer port of m1 and the client port of m1',
      '5:5: members[1].clientPort: 2379 on ::1 is the client port of m2 and the client port of m1',
    ],
  ],
  [
    'a metrics port that clashes',
    plan('  - { name: m1, host: 10.0.0.1, peerPort: 2381 }\n').replace('demo', 'demo, run: systemd'),
    ['4:5: members[0].clientPort: 2381 on 10.0.0.1 is the metrics port of m1 and the peer port of m1'],
  ],
  [
    'two units on one host',
    plan(
      `${one}  - { name: m2, host: 10.0.0.1, clientPort: 1, peerPort: 2 }\n  - { name: m3, host: 10.0.0.3 }\n`,
    ).replace('demo', 'demo, run: systemd'),
    ['5:17: members[1].host: 10.0.0.1 is the host of m1 too, and run: systemd puts one member on a host'],
  ],
  [
    'loopback among other hosts',
    plan(`${one}  - { name: m2, host: localhost }\n  - { name: m3, host: 127.8.0.1 }\n`),
    [
      '5:17: members[1].host: localhost is reached from its own host only, and the other members are elsewhere',
      '6:17: members[2].host: 127.8.0.1 is reached from its own host only, and the other members are elsewhere',
    ],
  ],
  [
    'ports out of range',
    plan('  - { name: m1, host: h, clientPort: 0, peerPort: 65536 }\n'),
    ['4:26: members[0].clientPort: 0 is no port', '4:41: members[0].peerPort: 65536 is no port'],
  ],
  [
    'lifetimes',
    plan(one, 'pki: { caDays: 10, certDays: 11 }\n'),
    ["5:20: pki.certDays: 11 days are more than the authority's 10"],
  ],
  [
    'lifetimes with an intermediate',
    plan(one, 'pki: { authority: intermediate, caDays: 20, intermediateDays: 21, certDays: 22 }\n'),
    [
      "5:45: pki.intermediateDays: 21 days are more than the root's 20",
      "5:67: pki.certDays: 22 days are more than the authority's 21",
    ],
  ],
  [
    'the lifetime of an intermediate that there is not',
    plan(one, 'pki: { intermediateDays: 400 }\n'),
    ['5:8: pki.intermediateDays: there is no intermediate that is made here'],
  ],
  [
    'name constraints that are none',
    plan(one, 'pki: { nameConstraints: [ex ample, 10.0.0.0/33] }\n'),
    [
      '5:26: pki.nameConstraints[0]: "ex ample" is neither a domain nor a network',
      '5:36: pki.nameConstraints[1]: "10.0.0.0/33" is neither a domain nor a network',
    ],
  ],
  [
    "a user who looks like a host where names are kept to the members'",
    plan(one, 'pki: { nameConstraints: true }\naccess: { users: [ { name: ann.smith, roles: [root] } ] }\n'),
    [`6:22: access.users[0].name: "ann.smith" looks like a host's name, which pki.nameConstraints does not allow`],
  ],
  [
    'a key on a token with its PIN',
    plan(
      one,
      'pki: { authority: intermediate, keyType: ed25519, key: "pkcs11:token=a;object=b?module-path=/x&pin-value=1" }\n',
    ),
    ['5:51: pki.key: names no key on a token: pin-value: a PIN has no place in it, it is asked for'],
  ],
  [
    'a key on a token which that does not make, under a root of its own',
    plan(one, 'pki: { authority: intermediate, keyType: ed25519, key: "pkcs11:token=a;object=b?module-path=/x" }\n'),
    [
      '5:51: pki.key: a key of type ed25519 is not made on a token',
      "5:51: pki.key: a root of its own would have its key in a file beside the token's",
    ],
  ],
  ['days that are none', plan(one, 'pki: { caDays: 0.5 }\n'), ['5:8: pki.caDays: 0.5 is no number of days']],
  ['a key type', plan(one, 'pki: { keyType: rsa-1024 }\n'), ['5:8: pki.keyType: can\'t be "rsa-1024"']],
  [
    'the role root declared',
    plan(one, 'access: { roles: [ { name: root } ] }\n'),
    ['5:22: access.roles[0].name: the role root is built in and may do everything'],
  ],
  [
    'root without its role',
    plan(one, 'access: { users: [ { name: root, roles: [] } ] }\n'),
    ['5:34: access.users[0].roles: the user root needs the role root'],
  ],
  [
    'a role that does not exist',
    plan(one, 'access: { roles: [ { name: app-writer } ], users: [ { name: app, roles: [app-wirter] } ] }\n'),
    ['5:74: access.users[0].roles[0]: there is no role "app-wirter"'],
  ],
  [
    'a user named as a member',
    plan(one, 'access: { users: [ { name: M1, roles: [root] } ] }\n'),
    ["5:22: access.users[0].name: M1 is a member's name: its certificate would sign in as this user"],
  ],
  [
    'permissions',
    plan(
      one,
      `access:
  roles:
    - name: r
      permissions:
        - { access: read }
        - { access: read, prefix: a, key: b }
        - { access: read, prefix: a, end: b }
        - { access: read, key: b, end: a }
        - { access: read, key: "" }
        - { access: reed, prefix: a }
        - { prefix: a }
`,
    ),
    [
      '9:11: access.roles[0].permissions[0]: has neither prefix nor key',
      '10:11: access.roles[0].permissions[1]: has both prefix and key',
      '11:11: access.roles[0].permissions[2]: has both prefix and end',
      '12:11: access.roles[0].permissions[3]: no key is from "b" up to "a"',
      '13:11: access.roles[0].permissions[4]: a key may not be empty',
      '14:13: access.roles[0].permissions[5].access: can\'t be "reed"',
      '15:11: access.roles[0].permissions[6].access: is missing',
    ],
  ],
];

for (const [title, text, complaints] of refusals) {
  test(`a plan is refused with the line: ${title}`, (t) => {
    const error = refusal(text);
    t.is(error.code, 'plan-refused');
    t.deepEqual(
      error.complaints.map(complaintText),
      complaints.map((line) => `quorate.yaml:${line}`),
    );
  });
}

test('mistakes of every kind are reported at once, in the order of the lines, also about what other mistakes surround', (t) => {
  const error = refusal(`version: 1
cluster: { nam: demo }
members:
  - { name: m1, host: 0.0.0.0 }
  - { name: m2, host: 10.0.0.2 }
  - { name: m2, host: 10.0.0.3 }
access:
  roles: [ { name: r, permissions: [ { access: x, key: y } ] } ]
  users: [ { name: ../u, roles: [r] }, { name: v, roles: [r, s] } ]
`);
  t.deepEqual(
    error.complaints.map(({ line, path }) => [line, path.join('.')]),
    [
      [2, 'cluster.name'],
      [2, 'cluster.nam'],
      [4, 'members.0.host'],
      [6, 'members.2.name'],
      [8, 'access.roles.0.permissions.0.access'],
      [9, 'access.users.0.name'],
      [9, 'access.users.1.roles.1'],
    ],
  );
  t.is(error.message, '7 mistakes in quorate.yaml');
  t.is(error.complaints.find(({ path }) => path.includes('nam'))?.hint, 'did you mean name?');
});

test('an even number of members, a user without roles and an image nobody uses are warnings', (t) => {
  const text = plan(`${one}  - { name: m2, host: 10.0.0.2 }\n`, 'access: { users: [ { name: app } ] }\n');
  const { warnings } = parsePlanText(text.replace('demo', 'demo, image: etcd'), 'quorate.yaml');
  t.deepEqual(
    warnings.map(({ path, severity }) => [path.join('.'), severity]),
    [
      ['cluster.image', 'warning'],
      ['members', 'warning'],
      ['access.users.0', 'warning'],
    ],
  );
});

for (const [title, text] of [
  [
    'an alias that expands without end',
    `a: &a [x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(90)}]\nc: [${'*b,'.repeat(90)}]\n`,
  ],
  ['an unresolved alias', 'version: *one\n'],
  ['two documents', `${contract}---\n${contract}`],
  ['a prototype as a field', plan(one, '__proto__: { a: 1 }\n')],
  ['control characters', 'version: 1\n\u0000\u0007'],
] as const) {
  test(`hostile text is refused as a plan: ${title}`, (t) => {
    t.true(refusal(text).complaints.length > 0);
  });
}

test('a value that did not come from text is refused with the path alone', (t) => {
  const error = t.throws(() => parsePlan({ version: 1, cluster: { name: '' }, members: [] }, 'the answers'));
  t.true(error instanceof WizardError);
  t.deepEqual(error instanceof WizardError && error.complaints.map(complaintText), [
    'the answers: cluster.name: a cluster name may not be empty',
    'the answers: members: must have at least one entry',
  ]);
});
