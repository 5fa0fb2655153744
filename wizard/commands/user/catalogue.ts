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
    { flags: '--key <file>', description: 'for a key that you have already: the request shows that you have it still' },
    jsonOption,
  ],
  examples: [
    ['quorate user request ann', 'writes ann.key, to be kept, and ann.csr, to be sent to whoever runs the cluster'],
    ['quorate user request ann --key ann.key', 'before the certificate ends: they type quorate user renew'],
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
    {
      flags: '--fingerprint <words>',
      description: 'only if its key is this one, as they said it; nobody is asked then',
    },
    { ...yesOption, description: 'do not ask' },
    jsonOption,
  ],
  examples: [
    ['quorate user approve ann.csr --role app-writer', 'adds ann to the plan and the store, writes DIR/users/ann'],
    ["quorate user approve ann.csr --role app-writer --fingerprint '2721 04de 7eb3 5fb4 68ad'", 'in a script'],
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
    {
      flags: '--pack <file>',
      description: 'the kit as one file, too, under a passphrase that is made up and shown once',
    },
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
  options: [
    { flags: '--expiring [days]', description: 'those only whose certificate ends within so many days; 30 by default' },
    jsonOption,
  ],
  examples: [['quorate user list --json | jq .users', 'for programs']],
  load: async () => (await import('./list.js')).list,
};

const show: Command = {
  kind: 'parsed',
  name: 'user show',
  summary: 'show one user: roles, what they may do, certificates, and whether the store has them like that',
  arguments: [['<name>', 'their user name']],
  options: [jsonOption],
  examples: [['quorate user show ann', 'before somebody asks']],
  load: async () => (await import('./show.js')).show,
};

const renew: Command = {
  kind: 'parsed',
  name: 'user renew',
  summary: "certify a user's key for another while; one that is elsewhere by the request that it signed",
  arguments: [['<name>', 'their user name']],
  options: [
    { flags: '--request <file>', description: 'only if they have their key still: a request that it signed now' },
    { flags: '--days <n>', description: "for so many days instead of the plan's" },
  ],
  examples: [
    ['quorate user renew ann', 'then send them NAME.crt out of DIR/users/ann'],
    ['quorate user renew ann --request ann.csr', 'they typed quorate user request ann --key ann.key'],
  ],
  load: async () => (await import('./renew.js')).renew,
};

const kit: Command = {
  kind: 'parsed',
  name: 'user kit',
  summary:
    'on your own machine: put a kit that you were sent in order, and try it: TLS, who you are, what you may and may not',
  arguments: [['[kit]', 'the folder, or the file that user add --pack made; by default this folder']],
  options: [
    { flags: '--key <file>', description: 'your key, as user request made it: it goes into the folder' },
    { flags: '--out <folder>', description: 'where a packed kit goes; by default ./NAME' },
    { flags: '--passphrase-fd <n>', description: 'read the passphrase of a packed kit from this file descriptor' },
    { flags: '--passphrase-env <name>', description: 'or take it from this variable' },
    jsonOption,
  ],
  examples: [
    ['quorate user kit ann --key ann.key', 'exit code 1 when something of it does not work'],
    ['quorate user kit ann.kit', 'asks for the passphrase'],
  ],
  load: async () => (await import('./kit.js')).kit,
};

export const userCommands: readonly Command[] = [add, remove, list, show, renew, request, approve, kit];
