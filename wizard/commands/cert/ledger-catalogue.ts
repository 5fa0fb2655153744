import { type Command, jsonOption } from '../command.js';

// The commands of the group `cert` that read and change the ledger.

const list: Command = {
  kind: 'parsed',
  name: 'cert list',
  summary: 'list what the authority has issued, by default the next to expire first',
  options: [
    { flags: '--profile <names...>', description: 'of these profiles; root is the authority itself' },
    { flags: '--user <name>', description: 'of this user' },
    { flags: '--member <name>', description: 'of this member' },
    { flags: '--subject <name>', description: 'with this common name; a * at its end stands for anything' },
    {
      flags: '--state <states...>',
      description: 'issued, expired, revoked, or reserved: serials without a certificate',
    },
    { flags: '--expires-within <days>', description: 'valid, and not any more by then' },
    { flags: '--sort <order>', description: 'expiry, issue or subject' },
    { flags: '--reverse', description: 'the other way round' },
    { flags: '--limit <n>', description: 'how many a page has; by default 50' },
    { flags: '--page <n>', description: 'which page; by default the first' },
    jsonOption,
  ],
  examples: [
    ['quorate cert list --expires-within 30', 'what is to be renewed soon'],
    ['quorate cert list --sort issue --reverse --limit 10', 'the last ten'],
    ['quorate cert list --member m1 --state issued', "what m1's certificates are"],
    ['quorate cert list --state revoked --json | jq .certificates', 'the same for programs'],
  ],
  load: async () => (await import('./list.js')).list,
};

const show: Command = {
  kind: 'parsed',
  name: 'cert show',
  summary: 'show what the ledger says of a certificate',
  arguments: [['<certificate>', 'its serial, or the name of a user or member for those that are valid']],
  options: [{ flags: '--pem', description: 'the certificate itself' }, jsonOption],
  examples: [
    ['quorate cert show app', 'who issued it, when, and how long it is valid'],
    ['quorate cert show 41:BC:2F:12:2E:00:5E:EA:B4:C1:7F:86:03:00:4F:7D', 'a serial as openssl prints it'],
  ],
  load: async () => (await import('./show.js')).show,
};

const revoke: Command = {
  kind: 'parsed',
  name: 'cert revoke',
  summary: 'revoke certificates, renew the revocation list and put it into the trees of the members; may be run again',
  arguments: [['<certificates...>', 'serials, or names of users or members for all that are valid']],
  options: [
    {
      flags: '--reason <reason>',
      description:
        'unspecified (the default), key-compromise, affiliation-changed, superseded, cessation-of-operation or privilege-withdrawn',
    },
    { flags: '-y, --yes', description: 'ask nothing' },
    jsonOption,
  ],
  examples: [
    ['quorate cert revoke app --reason key-compromise', 'members that run here refuse it within a second'],
    ['quorate cert revoke 41:BC:2F:12:2E:00:5E:EA:B4:C1:7F:86:03:00:4F:7D --yes', 'from a script'],
  ],
  load: async () => (await import('./revoke.js')).revoke,
};

const crl: Command = {
  kind: 'parsed',
  name: 'cert crl',
  summary: 'show the revocation list and the copies of the members, or make it again',
  options: [
    { flags: '--renew', description: 'make a list with the next number, and bring it to the members' },
    { flags: '--days <n>', description: 'how long lists hold from now on; at first until the authority ends' },
    jsonOption,
  ],
  examples: [
    ['quorate cert crl', 'its number, when it was made, and whether every member has it'],
    ['quorate cert crl --renew --days 30', 'from cron, where verifiers want a list that is not old'],
  ],
  load: async () => (await import('./crl.js')).crl,
};

export const ledgerCommands: readonly Command[] = [list, show, revoke, crl];
