import type { AccessChange } from '../../access/changes.js';
import { printable } from '../../access/words.js';
import type { Terminal } from '../../terminal.js';

const colors = { create: 'green', change: 'yellow', remove: 'red', keep: 'dim' } as const;

/** A line for each change, with its diff under it; those that stay are counted only. */
export function showChanges(terminal: Terminal, changes: readonly AccessChange[]): void {
  for (const { action, kind, name, because, diff } of changes) {
    if (action === 'keep') continue;
    terminal.result(`${terminal.paint(colors[action], action.padEnd(6))} ${kind} ${printable(name)}: ${because}`);
    for (const line of diff)
      terminal.result(`         ${terminal.paint(line.startsWith('+') ? 'green' : 'red', line)}`);
  }
}

/** `2 to create, 1 to change, 12 as declared` */
export function changeCounts(changes: readonly AccessChange[]): string {
  const count = (action: AccessChange['action']): number => changes.filter((change) => change.action === action).length;
  const parts = (['create', 'change', 'remove'] as const)
    .filter((action) => count(action) > 0)
    .map((action) => `${count(action)} to ${action}`);
  return [...parts, `${count('keep')} to keep`].join(', ');
}
