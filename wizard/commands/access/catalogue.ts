import { type Command, connectionOptions, jsonOption } from '../command.js';

// The commands of the group `access`, in the order of its --help.

const fileOption = {
  flags: '--file <file>',
  description: "who may do what: a plan, or its part access: alone; DIR's plan by default",
};
const pruneOption = { flags: '--prune', description: 'take away users and roles that are not declared; never root' };

const plan: Command = {
  kind: 'parsed',
  name: 'access plan',
  summary: 'compare users, roles and permissions of a live cluster with those declared; exit code 2 when they differ',
  options: [fileOption, pruneOption, ...connectionOptions, jsonOption],
  examples: [
    ['quorate access plan', "DIR's plan and cluster"],
    [
      'quorate access plan --file access.yaml --endpoints https://db1:2379 --cacert ca.crt --cert root.crt --key root.key',
      'any etcd',
    ],
  ],
  load: async () => (await import('./plan.js')).plan,
};

const apply: Command = {
  kind: 'parsed',
  name: 'access apply',
  summary: 'make users, roles and permissions of a live cluster what is declared, and nobody more on the way',
  options: [
    fileOption,
    pruneOption,
    {
      flags: '--passwords <file>',
      description: 'write generated passwords to this new file (0600), not to the screen',
    },
    ...connectionOptions,
    jsonOption,
  ],
  examples: [
    ['quorate access apply', 'does what quorate access plan says; may be run again at any time'],
    ['quorate access apply --prune --passwords new.txt', 'also takes away who is not declared'],
  ],
  load: async () => (await import('./apply.js')).apply,
};

const exported: Command = {
  kind: 'parsed',
  name: 'access export',
  summary: 'print users, roles and permissions of a live cluster as YAML that access plan and apply read',
  options: [...connectionOptions, jsonOption],
  examples: [['quorate access export --endpoints http://127.0.0.1:2379 > access.yaml', 'to begin with what is there']],
  load: async () => (await import('./export.js')).exportAccess,
};

const explain: Command = {
  kind: 'parsed',
  name: 'access explain',
  summary: 'say which role and permission let a user read or write a key, or what is missing',
  arguments: [
    ['<who>', 'a user of the store'],
    ['<what>', 'a key, or the beginning of keys with --prefix'],
  ],
  options: [{ flags: '--prefix', description: 'all keys that begin so' }, ...connectionOptions, jsonOption],
  examples: [['quorate access explain app /app/x', 'exit code 1 when it may neither be read nor written']],
  load: async () => (await import('./explain.js')).explain,
};

const matrix: Command = {
  kind: 'parsed',
  name: 'access matrix',
  summary: 'print who may read and write which keys',
  options: [
    { flags: '--html <file>', description: 'as a page that needs nothing else' },
    ...connectionOptions,
    jsonOption,
  ],
  examples: [['quorate access matrix --html access.html', 'for those who review it']],
  load: async () => (await import('./matrix.js')).matrix,
};

export const accessCommands: readonly Command[] = [plan, apply, exported, explain, matrix];
