import { type Command, jsonOption, yesOption } from '../command.js';

// The commands of the group `member`, in the order of its --help.

const list: Command = {
  kind: 'parsed',
  name: 'member list',
  summary: 'list the members that the cluster has, and whether they vote',
  options: [jsonOption],
  examples: [['quorate member list', 'as the cluster says, not the plan']],
  load: async () => (await import('./list.js')).list,
};

const add: Command = {
  kind: 'parsed',
  name: 'member add',
  summary:
    'add a member to a cluster that runs: into the plan, with certificates, as a learner, and as a voter once it has caught up',
  arguments: [
    ['<name>', 'its name'],
    ['<address>', 'HOST, HOST:CLIENTPORT or HOST:CLIENTPORT,PEERPORT'],
  ],
  options: [jsonOption],
  examples: [
    ['quorate member add m4 127.0.0.1:42379', 'starts it, too, where members run on this machine'],
    ['quorate member add m4 10.0.0.4', 'says what to copy and start there; typed again it makes a voter of it'],
  ],
  load: async () => (await import('./add.js')).add,
};

const remove: Command = {
  kind: 'parsed',
  name: 'member remove',
  summary:
    'take a member out, if the others can go on: out of the cluster and the plan, certificates revoked, data set aside',
  arguments: [['<name>', 'its name']],
  options: [{ ...yesOption, description: 'do not ask' }, jsonOption],
  examples: [['quorate member remove m4', 'may be typed again when it was interrupted']],
  load: async () => (await import('./remove.js')).remove,
};

const replace: Command = {
  kind: 'parsed',
  name: 'member replace',
  summary: 'put an empty member in the place of one that is broken, with new keys, at its address or another one',
  arguments: [
    ['<name>', 'its name'],
    ['[address]', 'HOST, HOST:CLIENTPORT or HOST:CLIENTPORT,PEERPORT'],
  ],
  options: [{ ...yesOption, description: 'do not ask' }, jsonOption],
  examples: [['quorate member replace m3', 'it gets its data from the others']],
  load: async () => (await import('./replace.js')).replace,
};

export const memberCommands: readonly Command[] = [list, add, remove, replace];
