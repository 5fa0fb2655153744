// The house's import directions (docs/architecture.md). `npm run check` fails on any arrow that points up.
const room = (path) => ({ path });
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: room(from),
  to: { path: '^(pki|cluster|wizard|templates|test|bench)/', pathNot: allowed },
});

/** Rooms of cluster/, top floor first: a room may import what stands below it, never a sibling or upwards. */
const floors = [
  ['server', 'snapshots'],
  ['member'],
  ['api', 'driver', 'config'],
  ['proposals'],
  ['apply', 'maintenance'],
  ['store', 'watch', 'lease', 'auth', 'members', 'alarms', 'log', 'transport'],
  ['raft', 'wire', 'bolt'],
  [
    'numbers',
    'errors',
    'operations',
    'consensus',
    'tables',
    'disk',
    'clock',
    'deadline',
    'process-limits',
    'logger',
    'measures',
  ],
];

const floorRules = floors.flatMap((rooms, level) =>
  rooms.map((name) => {
    const below = floors.slice(level + 1).flat();
    const siblings = level === floors.length - 1 ? floors[level] : [name];
    return only(
      `cluster-${name}-imports-downwards`,
      `^cluster/${name}(/|\\.ts$|-)`,
      `^cluster/(${[...new Set([name, ...below, ...siblings])].join('|')})(/|\\.ts$|-)`,
      'inside cluster/ imports go down one or more floors only',
    );
  }),
);

module.exports = {
  forbidden: [
    only('pki-alone', '^pki/', '^pki/', 'the lower wings never import one another'),
    only('cluster-alone', '^cluster/', '^cluster/', 'the lower wings never import one another'),
    only('templates-alone', '^templates/', '^templates/', 'the lower wings never import one another'),
    only(
      'wizard-through-doors',
      '^wizard/',
      '^(wizard/|((pki|cluster|templates)/index|cluster/(server|snapshots))\\.ts$)',
      'a wing is entered through its index.ts',
    ),
    only(
      'client-sees-little',
      '^cluster/client/',
      '^cluster/(client/|wire/|operations/|numbers\\.ts|errors\\.ts|deadline\\.ts)',
      'the client works for any etcd',
    ),
    ...floorRules,
    {
      name: 'doors-are-for-the-hall',
      comment: '#pki, #cluster and #templates are for wizard/, test/ and bench/',
      severity: 'error',
      from: room('^(pki|cluster|templates)/'),
      to: room('^dist/'),
    },
    {
      name: 'raft-is-pure',
      comment: 'raft/ reads no clock, disk, network or randomness that was not passed in',
      severity: 'error',
      from: room('^cluster/raft/'),
      to: { dependencyTypes: ['core', 'npm'], pathNot: '^(node:)?assert$' },
    },
    {
      name: 'jose-where-it-is-asked-for',
      comment: 'a member that signs no tokens does not load what signs them: only import() of auth/jwt',
      severity: 'error',
      from: room('^cluster/'),
      to: { path: '^cluster/auth/jwt\\.ts$', dynamic: false },
    },
    {
      name: 'jose-in-one-file',
      severity: 'error',
      from: { path: '^cluster/', pathNot: '^cluster/auth/jwt\\.ts$' },
      to: { path: '^(node_modules/)?jose' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: { path: '^cluster/wire/generated/' },
  },
};
