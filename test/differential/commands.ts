import type { AuthCommand } from './auth-commands.js';
import type { KeyCommand } from './key-commands.js';
import type { LeaseCommand } from './lease-commands.js';

export type Command = KeyCommand | AuthCommand | LeaseCommand;

/** What it asks of keys, if it does, in whoever's name. */
export function keyCommandOf(command: Command): KeyCommand | undefined {
  if (command.kind === 'as') return 'fields' in command.command ? undefined : command.command;
  return isKeyCommand(command) ? command : undefined;
}

/** The operations of a transaction, its nested ones' too; any other command is its own. */
export const operationsOf = (command: KeyCommand): readonly KeyCommand[] =>
  command.kind === 'txn' ? [...command.success, ...command.failure].flatMap(operationsOf) : [command];

const keyKinds: ReadonlySet<string> = new Set<KeyCommand['kind']>(['range', 'put', 'deleteRange', 'txn', 'compact']);
const isKeyCommand = (command: Command): command is KeyCommand => keyKinds.has(command.kind);
