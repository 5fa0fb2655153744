import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';

const waitMs = 30_000;
const lookMs = 40;

/** A real terminal with a command in it. */
export interface Pane {
  /** What stands on the screen once it matches. */
  shows(pattern: RegExp): Promise<string>;
  /** The screen as it is, with the escapes that colour it. */
  colored(): string;
  type(text: string): void;
  /** tmux's names: Enter, C-c, C-u, Down. */
  press(...keys: readonly string[]): void;
}

/** Starts a command in a terminal of its own; the screen says `ended with N` when it has. */
export function openPane(t: ExecutionContext, command: string): Pane {
  const socket = `quorate-test-${randomUUID()}`;
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  tmux('new-session', '-d', '-x', '160', '-y', '60', `${command}; echo "ended with $?"; sleep 600`);
  t.teardown(() => tmux('kill-server'));
  return {
    async shows(pattern) {
      const deadline = Date.now() + waitMs;
      for (;;) {
        const screen = tmux('capture-pane', '-p', '-J');
        if (pattern.test(screen)) return screen;
        if (Date.now() > deadline) throw new Error(`the screen does not show ${pattern}:\n${screen}`);
        await delay(lookMs);
      }
    },
    colored: () => tmux('capture-pane', '-p', '-e'),
    type: (text) => tmux('send-keys', '-l', '--', text),
    press: (...keys) => tmux('send-keys', ...keys),
  };
}
