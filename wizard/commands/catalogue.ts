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

export const commands: readonly Command[] = [init, plan, apply];
