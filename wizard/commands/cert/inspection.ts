import { type Command, jsonOption } from '../command.js';

// The commands of the group `cert` that look and change nothing.

const verify: Command = {
  kind: 'parsed',
  name: 'cert verify',
  summary: 'look for everything that goes wrong with certificates, keys and chains; exit code 1 when something does',
  arguments: [['[paths...]', 'files or folders; everything in DIR when none is named, against its plan']],
  options: [
    { flags: '--endpoint <hosts>', description: 'HOST:PORT,…: look at what is presented and demanded there' },
    { flags: '--live', description: "the same at the client and the peer port of each of the plan's members" },
    { flags: '--cert <file>', description: "for endpoints: sign in with this certificate; by default the plan's" },
    { flags: '--key <file>', description: 'the key of --cert; of a path: its key, where it is not beside it' },
    { flags: '--ca <file>', description: 'its authority, where it is neither beside it nor that of DIR' },
    { flags: '--crl <file>', description: "the revocation list; by default DIR's" },
    { flags: '--strict', description: 'exit code 1 for warnings, too' },
    jsonOption,
  ],
  examples: [
    ['quorate cert verify', 'all of DIR: names against the plan, chains, keys, modes, dates, revocations'],
    [
      'quorate cert verify /etc/kubernetes/pki/etcd',
      'certificates of others, each with its key and authority beside it',
    ],
    ['quorate cert verify --live', 'what members present, their versions of TLS, whom they let in, their clocks'],
    ['quorate cert verify --endpoint db.example.org:2379 --ca ca.crt', 'any server, with or without a plan'],
    ['quorate cert verify --strict --json | jq .errors', 'for programs'],
  ],
  load: async () => (await import('./verify.js')).verify,
};

const lint: Command = {
  kind: 'parsed',
  name: 'cert lint',
  summary: 'hold certificates and revocation lists, of any maker, against the rules of RFC 5280',
  arguments: [['<files...>', 'in PEM or DER; a file may hold several']],
  options: [
    { flags: '--strict', description: 'exit code 1 for warnings (what a rule says SHOULD be), too' },
    jsonOption,
  ],
  examples: [
    ['quorate cert lint server.crt ca.crl', 'each finding with its rule and the section that it stands in'],
    ['quorate cert lint --json /etc/kubernetes/pki/*.crt | jq .errors', 'for programs'],
  ],
  load: async () => (await import('./lint.js')).lint,
};

export const inspectionCommands: readonly Command[] = [verify, lint];
