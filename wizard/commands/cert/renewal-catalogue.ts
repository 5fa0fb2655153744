import { type Command, jsonOption } from '../command.js';

// The commands of the group `cert` that give more time.

const renew: Command = {
  kind: 'parsed',
  name: 'cert renew',
  summary: 'issue certificates of the plan again: those named, or those past two thirds of their life',
  arguments: [['[names...]', 'users, members, MEMBER/server, MEMBER/peer']],
  options: [
    { flags: '--all', description: 'all of them' },
    { flags: '--days <n>', description: "how long they are valid; by default the plan's certDays" },
    { flags: '--new-key', description: 'under new keys; by default under those that are there' },
    { flags: '--dry-run', description: 'only say which' },
    {
      flags: '--check',
      description:
        "renew nothing; exit code 0 when none is due, 2 when one is, 1 when one has expired, was revoked, is missing or not its key's",
    },
    {
      flags: '--metrics-file <file>',
      description: "with --check: for the textfile collector of Prometheus's node exporter",
    },
    jsonOption,
  ],
  examples: [
    ['quorate cert renew', 'from cron: does nothing until something is due'],
    ['quorate cert renew m1 --new-key', 'both certificates of m1; a running included member takes them up by itself'],
    ['quorate cert renew --check --metrics-file /var/lib/node_exporter/quorate.prom', 'for monitoring'],
  ],
  load: async () => (await import('./renew.js')).renew,
};

const rotateCa: Command = {
  kind: 'parsed',
  name: 'cert rotate-ca',
  summary: 'put a new authority in the place of the old one while the cluster serves',
  options: [
    { flags: '--finish', description: 'drop the old authority, too, once everybody has certificates of the new one' },
    { flags: '--status', description: 'only say how far it is' },
    jsonOption,
  ],
  examples: [
    [
      'quorate cert rotate-ca',
      'both are trusted, then every certificate of the plan is of the new one; exit code 2: not finished',
    ],
    ['quorate cert rotate-ca --finish', 'nobody trusts the old one any more; may be typed again at any time'],
  ],
  load: async () => (await import('./rotate-ca.js')).rotateCa,
};

export const renewalCommands: readonly Command[] = [renew, rotateCa];
