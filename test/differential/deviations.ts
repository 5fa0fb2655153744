import { type Command, keyCommandOf, operationsOf } from './commands.js';

// Where the included store means to answer otherwise than etcd 3.4: each with its reason, and as narrow as can be.

export interface Deviation {
  readonly reason: string;
  /** Whether it explains these answers. */
  readonly explains: (command: Command, theirs: unknown, ours: unknown) => boolean;
}

const isRefusal = (answer: unknown, ...texts: readonly string[]): boolean =>
  texts.some((text) => (answer as { text?: string }).text?.startsWith(text));

const putRefusals = ['etcdserver: requested lease not found', 'etcdserver: key not found'];

export const deviations: readonly Deviation[] = [
  {
    reason:
      'of several reasons to refuse a transaction 3.4 names those of puts before those of ranges, and a missing key before a ' +
      'missing lease; 3.7 goes by the order of the operations, and of a put looks at the lease first',
    explains: (command, theirs, ours) =>
      keyCommandOf(command)?.kind === 'txn' &&
      isRefusal(theirs, ...putRefusals) &&
      isRefusal(ours, ...putRefusals, 'etcdserver: mvcc: required revision'),
  },
  {
    reason: "root's role is shown with what it may do from 3.5 on",
    explains: (command, theirs) =>
      command.kind === 'as' &&
      command.command.kind === 'roleGet' &&
      command.command.fields.role === 'root' &&
      'header' in (theirs as object),
  },
  {
    reason: 'a transaction that asks for nothing needs a name too while auth is on',
    explains(command, _, ours) {
      const inner = keyCommandOf(command);
      const isEmpty = inner?.kind === 'txn' && inner.compare.length === 0 && operationsOf(inner).length === 0;
      return isEmpty && isRefusal(ours, 'etcdserver: user name is empty');
    },
  },
  {
    reason: 'nobody does not pass for the user without a name, who may look at himself',
    explains: (command, theirs, ours) =>
      command.kind === 'as' &&
      command.command.kind === 'userGet' &&
      command.command.fields.name === '' &&
      isRefusal(theirs, 'etcdserver: user name not found') &&
      isRefusal(ours, 'etcdserver: user name is empty'),
  },
  {
    reason: 'who guesses a name does not learn whether it has a password',
    explains: (command, theirs, ours) =>
      command.kind === 'authenticate' &&
      isRefusal(theirs, 'auth: authentication failed, password was given for no password user') &&
      isRefusal(ours, 'etcdserver: authentication failed, invalid user ID or password'),
  },
];

export const deviationOf = (command: Command, theirs: unknown, ours: unknown): Deviation | undefined =>
  deviations.find(({ explains }) => explains(command, theirs, ours));
