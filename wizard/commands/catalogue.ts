import { type Command, jsonOption, yesOption } from './command.js';

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
  options: [jsonOption],
  examples: [
    ['quorate plan', 'one line for each step'],
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
  options: [jsonOption],
  examples: [
    ['quorate status', 'exit code 1 when a member or the leader is missing'],
    ['quorate status --json | jq .members', 'the same for programs'],
  ],
  load: async () => (await import('./status.js')).status,
};

const bootstrap: Command = {
  kind: 'parsed',
  name: 'bootstrap',
  summary: 'bring users and roles of a running cluster to the plan, and turn auth on; may be run again',
  options: [jsonOption],
  examples: [['quorate bootstrap', 'after the first start of etcd members on hosts of their own']],
  load: async () => (await import('./bootstrap.js')).bootstrap,
};

const serve: Command = {
  kind: 'passed',
  name: 'serve',
  summary: "run one member of the included store; takes etcd's flags and ETCD_* variables",
  examples: [['quorate serve --help', 'lists the flags']],
  load: async () => (await import('./serve.js')).serve,
};

export const commands: readonly Command[] = [init, plan, apply, up, down, status, bootstrap, serve];
