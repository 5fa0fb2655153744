import { type Command, jsonOption, yesOption } from '../command.js';

// The commands of the group `user`, in the order of its --help.

const request: Command = {
  kind: 'parsed',
  name: 'user request',
  summary: 'make a key and ask for access with it, on your own machine: the key never leaves it',
  arguments: [['<name>', 'your user name']],
  options: [
    { flags: '--out <folder>', description: 'where NAME.key and NAME.csr go; by default this folder' },
    { flags: '--key-type <type>', description: 'the type of the key; ecdsa-p256 by default' },
    jsonOption,
  ],
  examples: [
    ['quorate user request ann', 'writes ann.key, to be kept, and ann.csr, to be sent to whoever runs the cluster'],
  ],
  load: async () => (await import('./request.js')).request,
};

const approve: Command = {
  kind: 'parsed',
  name: 'user approve',
  summary: 'give whoever made a request access: certificate, store user with roles, and a kit without a key',
  arguments: [['<file>', 'the request, NAME.csr']],
  options: [
    { flags: '--role <roles...>', description: 'roles of the plan that they get; root is one that may do everything' },
    jsonOption,
  ],
  examples: [
    ['quorate user approve ann.csr --role app-writer', 'adds ann to the plan and the store, writes DIR/users/ann'],
  ],
  load: async () => (await import('./approve.js')).approve,
};

const add: Command = {
  kind: 'parsed',
  name: 'user add',
  summary: 'give somebody access who has no key yet: certificate with a key, store user with roles, and a kit',
  arguments: [['<name>', 'their user name']],
  options: [
    { flags: '--role <roles...>', description: 'roles of the plan that they get; root is one that may do everything' },
    { flags: '--password', description: 'they may sign in with a password, too; it is made up and in their kit' },
    jsonOption,
  ],
  examples: [['quorate user add ann --role app-writer', 'adds ann to the plan and the store, writes DIR/users/ann']],
  load: async () => (await import('./add.js')).add,
};

const remove: Command = {
  kind: 'parsed',
  name: 'user remove',
  summary: 'take somebody out: certificates revoked, store user deleted, out of the plan, kit set aside',
  arguments: [['<name>', 'their user name']],
  options: [{ ...yesOption, description: 'do not ask' }, jsonOption],
  examples: [['quorate user remove ann', 'may be typed again when it was interrupted, or the cluster did not run']],
  load: async () => (await import('./remove.js')).remove,
};

const list: Command = {
  kind: 'parsed',
  name: 'user list',
  summary: "list the plan's users with their roles, and the days that their certificates have left",
  options: [jsonOption],
  examples: [['quorate user list --json | jq .users', 'for programs']],
  load: async () => (await import('./list.js')).list,
};

export const userCommands: readonly Command[] = [add, remove, list, request, approve];
