import { accessCommands } from './access/catalogue.js';
import { certCommands } from './cert/catalogue.js';
import { type Command, connectionOptions, jsonOption, yesOption } from './command.js';
import { memberCommands } from './member/catalogue.js';
import { userCommands } from './user/catalogue.js';

// Every command as data, in the order of --help. Its code is loaded when it runs.

const init: Command = {
  kind: 'parsed',
  name: 'init',
  isDefault: true,
  summary: 'ask what the cluster is to be, write its plan, and make everything that follows from it',
  options: [
    { flags: '--answers <file>', description: 'take the answers from a plan file; - reads it from stdin' },
    yesOption,
    { flags: '--dry-run', description: 'stop after showing the plan' },
  ],
  examples: [
    ['quorate', 'asks; Enter all the way through is a three-member cluster on this machine'],
    ['quorate init --yes --dir demo', 'the same without questions, in ./demo'],
    ['quorate init --answers plan.yaml --dry-run', 'shows what a plan would make'],
  ],
  load: async () => (await import('./init.js')).init,
};

const plan: Command = {
  kind: 'parsed',
  name: 'plan',
  summary: 'say what apply would do, and do nothing; exit code 2 if that is anything',
  options: [jsonOption, { flags: '--offline', description: "don't ask the running cluster for its users and roles" }],
  examples: [
    ['quorate plan', 'each step, with what would change in files and in the running cluster'],
    ['quorate plan --json | jq .steps', 'the same for programs'],
  ],
  load: async () => (await import('./plan.js')).plan,
};

const apply: Command = {
  kind: 'parsed',
  name: 'apply',
  summary: 'make DIR match its quorate.yaml: certificates, units, manifests, kits',
  options: [jsonOption],
  examples: [['quorate apply', 'does what quorate plan says; may be run again at any time']],
  load: async () => (await import('./apply.js')).apply,
};

const up: Command = {
  kind: 'parsed',
  name: 'up',
  summary: "start the plan's members that run here, bring access to the plan, and say how to connect",
  options: [{ flags: '-d, --detach', description: 'return once all are healthy and leave them running' }],
  examples: [
    ['quorate up', 'Ctrl-C stops the members again'],
    ['quorate up --detach', 'they go on until quorate down'],
  ],
  load: async () => (await import('./up.js')).up,
};

const down: Command = {
  kind: 'parsed',
  name: 'down',
  summary: 'stop the members that run here; their data is kept',
  options: [jsonOption],
  examples: [['quorate down', 'quorate up starts them again']],
  load: async () => (await import('./down.js')).down,
};

const status: Command = {
  kind: 'parsed',
  name: 'status',
  summary: 'show members, leader, raft and store figures, and the days that certificates have left',
  options: [
    jsonOption,
    { flags: '--html <file>', description: 'write all of it, with users and what they may do, as a page of its own' },
  ],
  examples: [
    ['quorate status', 'exit code 1 when a member or the leader is missing'],
    ['quorate status --html status.html', 'one file, for a browser or a phone'],
    ['quorate status --json | jq .members', 'the same for programs'],
  ],
  load: async () => (await import('./status.js')).status,
};

const doctor: Command = {
  kind: 'parsed',
  name: 'doctor',
  summary:
    'look for every known mistake, in files and in the running cluster, each with its cure; exit code by the worst',
  arguments: [
    [
      '[files...]',
      'units, manifests, settings or scripts that somebody wrote for etcd, instead of DIR and its cluster',
    ],
  ],
  options: [
    ...connectionOptions,
    { flags: '--fix', description: 'mend what can be mended without losing anything: what quorate apply puts right' },
    jsonOption,
  ],
  examples: [
    ['quorate doctor', 'all of DIR, this machine, and the cluster if it runs: 1 for errors, 2 for warnings alone'],
    [
      'quorate doctor --endpoints https://10.0.0.1:2379 --cacert ca.crt --cert root.crt --key root.key',
      'a cluster that is in no plan: all of it, by one member',
    ],
    ['quorate doctor /etc/kubernetes/manifests/etcd.yaml', 'the settings in a file'],
  ],
  load: async () => (await import('./doctor.js')).doctor,
};

const bootstrap: Command = {
  kind: 'parsed',
  name: 'bootstrap',
  summary:
    'bring users and roles of a running cluster to the plan, turn auth on, and see that it holds; may be run again',
  options: [
    { ...yesOption, description: 'also where the plan has no user for the API server of Kubernetes' },
    jsonOption,
  ],
  examples: [['quorate bootstrap', 'after the first start of etcd members on hosts of their own']],
  load: async () => (await import('./bootstrap.js')).bootstrap,
};

const snapshotSave: Command = {
  kind: 'parsed',
  name: 'snapshot save',
  summary: "save the cluster's keys, leases, users and roles to a file that etcd's own tools read, too",
  arguments: [['[file]', 'where to; CLUSTER-TIME.db in this folder when not given']],
  options: [
    { flags: '--endpoint <url>', description: 'the member to ask; by default the one that has applied most' },
    { flags: '--force', description: 'take the place of a file that is there' },
    jsonOption,
  ],
  examples: [
    ['quorate snapshot save', 'says the name of the file that it has written'],
    ['quorate snapshot save /backup/demo.db --force', 'from cron, the same name each time'],
  ],
  load: async () => (await import('./snapshot-save.js')).snapshotSave,
};

const snapshotStatus: Command = {
  kind: 'parsed',
  name: 'snapshot status',
  summary: 'check all of a snapshot and say what is in it; of ours, or of a real etcd',
  arguments: [['<file>', 'a snapshot, or a db file out of the data folder of an etcd that was stopped']],
  options: [jsonOption],
  examples: [
    ['quorate snapshot status demo.db', 'exit code 1 when it is damaged'],
    ['quorate snapshot status demo.db --json | jq .revision', 'the same for programs'],
  ],
  load: async () => (await import('./snapshot-status.js')).snapshotStatus,
};

const snapshotRestore: Command = {
  kind: 'parsed',
  name: 'snapshot restore',
  summary: 'make the data of a new cluster from a snapshot of ours or of a real etcd',
  arguments: [['<file>', 'the snapshot']],
  options: [
    { flags: '--skip-hash-check', description: 'take a db file out of a data folder, which has no checksum' },
    { flags: '--bump-revision <n>', description: 'raise the revision by n, so that no client has seen it before' },
    { flags: '--mark-compacted', description: 'compact up to the raised revision, so that every watch begins anew' },
    { flags: '--data-dir <dir>', description: 'for a member that is in no plan here: where its data goes' },
    { flags: '--wal-dir <dir>', description: 'with --data-dir: where its log goes' },
    { flags: '--name <name>', description: 'with --data-dir: its name' },
    { flags: '--initial-cluster <members>', description: 'with --data-dir: NAME=URL,… of all members' },
    { flags: '--initial-cluster-token <token>', description: 'with --data-dir: as it will be started with' },
    { flags: '--initial-advertise-peer-urls <urls>', description: 'with --data-dir: where others reach it' },
    jsonOption,
  ],
  examples: [
    ['quorate snapshot restore demo.db', "fills data/NAME of the plan's members; then quorate up"],
    [
      'quorate snapshot restore etcd.db --bump-revision 1000000000 --mark-compacted',
      'for Kubernetes, whose caches would else be ahead',
    ],
    [
      'quorate snapshot restore demo.db --data-dir /var/lib/quorate --name m1 --initial-cluster m1=https://a:2380,m2=https://b:2380 --initial-advertise-peer-urls https://a:2380',
      'on the host of a member; on each host the same file',
    ],
  ],
  load: async () => (await import('./snapshot-restore.js')).snapshotRestore,
};

const serve: Command = {
  kind: 'passed',
  name: 'serve',
  summary: "run one member of the included store; takes etcd's flags and ETCD_* variables",
  examples: [['quorate serve --help', 'lists the flags']],
  load: async () => (await import('./serve.js')).serve,
};

export const commands: readonly Command[] = [
  init,
  plan,
  apply,
  up,
  down,
  status,
  doctor,
  bootstrap,
  ...certCommands,
  ...userCommands,
  ...memberCommands,
  ...accessCommands,
  snapshotSave,
  snapshotStatus,
  snapshotRestore,
  serve,
];

/** What commands of two words have in common, by the first. */
export const groups: Readonly<Record<string, string>> = {
  cert: "the authority's day-to-day: single certificates",
  access: 'users, roles and permissions of any live cluster, ours or etcd, as they are declared',
  user: 'access for persons and programs, whose keys stay with them',
  member: 'the members of a cluster that runs: in, out, and in the place of a broken one',
  snapshot: 'save all of the store to a file, check one, begin a new cluster with one',
};
