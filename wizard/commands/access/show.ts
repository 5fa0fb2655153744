import type { AccessChange } from '../../access/changes.js';
import { type Drift, isDrifted } from '../../access/drift.js';
import { printable } from '../../shown.js';
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

/** What of the running cluster is not as the plan wants it; nothing before there is one. */
export function showDrift(terminal: Terminal, drift: Drift | undefined): void {
  if (drift === undefined) return;
  const where = 'in the running cluster';
  if ('unknown' in drift) {
    terminal.say(`users and roles ${where} were not compared: ${drift.unknown}`);
    return;
  }
  if (!isDrifted(drift)) return;
  showChanges(terminal, drift.changes);
  if (drift.authIsOn) terminal.say(`${changeCounts(drift.changes)} ${where}: quorate access apply does that`);
  else terminal.say(`auth is off ${where}, and anybody may do anything: quorate bootstrap brings it to the plan`);
}
