import { type Command, keyCommandOf, operationsOf } from './commands.js';
import type { TxnCommand } from './key-commands.js';

// Commands after which the two engines' states would not be the same any more: they are left out, each for its reason.

const reasons: Readonly<Record<string, (command: Command) => boolean>> = {
  'a real etcd panics when a transaction deletes a key and then puts it with what it had'(command) {
    const inner = keyCommandOf(command);
    if (inner?.kind !== 'txn') return false;
    const parts = operationsOf(inner);
    const keeps = parts.some((part) => part.kind === 'put' && (part.ignoreValue || part.ignoreLease));
    return keeps && parts.some(({ kind }) => kind === 'deleteRange');
  },
  '3.4 lets everybody compact; it needs root from 3.5 on': (command) =>
    command.kind === 'as' && command.user !== 'root' && command.command.kind === 'compact',
  'a permission for a range that holds no key is refused, as later versions do'(command) {
    if (command.kind !== 'as' || command.command.kind !== 'roleGrantPermission') return false;
    const { key, rangeEnd } = command.command.fields.perm;
    return rangeEnd.length > 0 && !rangeEnd.equals(Buffer.from([0])) && Buffer.compare(key, rangeEnd) >= 0;
  },
  'CVE-2026-33343: 3.4 does not look into nested transactions for what the caller may not do': (command) =>
    isOfUser(command, (inner) => [...inner.success, ...inner.failure].some(({ kind }) => kind === 'txn')),
  'CVE-2026-44283: in a transaction 3.4 lets puts that need to read what was there before go without reading': (
    command,
  ) => isOfUser(command, (inner) => operationsOf(inner).some((part) => part.kind === 'put' && part.prevKv)),
};

/** Of a transaction in the name of anybody but root. */
function isOfUser(command: Command, matches: (txn: TxnCommand) => boolean): boolean {
  if (command.kind !== 'as' || command.user === 'root') return false;
  const inner = keyCommandOf(command);
  return inner?.kind === 'txn' && matches(inner);
}

export const isAsked = (command: Command): boolean => !Object.values(reasons).some((matches) => matches(command));
