import { newPassphraseVariable } from '../../secret-variables.js';
import { type Command, jsonOption } from '../command.js';
import { authorityCommands } from './authority-catalogue.js';
import { inspectionCommands } from './inspection.js';
import { ledgerCommands } from './ledger-catalogue.js';
import { renewalCommands } from './renewal-catalogue.js';

// The commands of the group `cert`, in the order of its --help.

// The built-in ones; #pki has them too, and is not loaded for a description.
const profiles = 'server, peer, client, healthcheck-client, apiserver-etcd-client, proxy-client, metrics-client';

const issue: Command = {
  kind: 'parsed',
  name: 'cert issue',
  summary: 'issue one certificate, for a new key or for a certificate request',
  arguments: [
    ['<profile>', `${profiles}, or one of the plan's own`],
    ['[name]', "a member, a user of the store, or a proxy's host; kubeadm's name for its profiles"],
  ],
  options: [
    { flags: '--san <names...>', description: 'names and addresses that it carries, beside those of the plan' },
    { flags: '--days <n>', description: "how long it is valid; by default the profile's, at most the plan's certDays" },
    {
      flags: '--key-type <type>',
      description: 'the type of the new key; by default as the plan has it for the profile, member or user',
    },
    { flags: '--organization <text>', description: 'the organization in its subject' },
    { flags: '--csr <file>', description: 'certify the key of this request (PEM or DER) instead of making one' },
    { flags: '--out <folder>', description: 'where NAME.crt and NAME.key go; by default DIR/issued/PROFILE' },
    jsonOption,
  ],
  examples: [
    ['quorate cert issue client ci --days 30', 'writes ci.crt and ci.key to DIR/issued/client'],
    ['quorate cert issue server lb --san lb.example.org 10.0.0.9', 'for what stands before the members'],
    ['quorate cert issue apiserver-etcd-client', "kubeadm's name; the plan's users decide what it may do"],
    ['quorate cert issue proxy-client proxy1.example.org', "for etcd's gRPC proxy: without a common name"],
    ['quorate cert issue client app --csr app.csr --out .', 'the key never leaves whoever made the request'],
  ],
  load: async () => (await import('./issue.js')).issue,
};

const exportOne: Command = {
  kind: 'parsed',
  name: 'cert export',
  summary: 'write a certificate with its key and chain in the form that another program wants',
  arguments: [['<what>', 'a user, MEMBER/server, MEMBER/peer (a member for kubeadm), or the path of a certificate']],
  options: [
    { flags: '--format <format>', description: 'pem, fullchain, pkcs12, k8s-secret or kubeadm' },
    { flags: '--out <path>', description: 'the file, or the folder of pem and kubeadm; - is stdout' },
    { flags: '--key <file>', description: 'its key, where it is not beside it' },
    { flags: '--ca <file>', description: 'its authority, where it is neither beside it nor that of DIR' },
    { flags: '--password-fd <n>', description: 'pkcs12: read the password from this file descriptor' },
    { flags: '--password-env <name>', description: 'pkcs12: the environment variable that holds the password' },
    { flags: '--generate-password', description: 'pkcs12: make a password up and show it once' },
    { flags: '--secret-name <name>', description: "k8s-secret: the Secret's name; by default the certificate's" },
    { flags: '--namespace <name>', description: "k8s-secret: the Secret's namespace" },
    { flags: '--opaque', description: 'k8s-secret: of the type Opaque, which may be without a key' },
    { flags: '--force', description: 'replace what is there; a private key of something else never is' },
    jsonOption,
  ],
  examples: [
    ['quorate cert export app --format pkcs12', 'asks for the password; Java, Windows and browsers read app.p12'],
    [
      'quorate cert export app --format k8s-secret --namespace shop --out - | kubectl apply -f -',
      'a kubernetes.io/tls Secret',
    ],
    ['quorate cert export m1/server --format fullchain', 'what the server presents, without a key'],
    ['quorate cert export issued/server/lb.crt --format pem --out /etc/haproxy/tls', 'lb.crt, lb.key and ca.crt'],
    ['quorate cert export m1 --format kubeadm --out pki', "laid out as kubeadm's /etc/kubernetes/pki"],
  ],
  load: async () => (await import('./export.js')).exportCertificate,
};

const passphrase: Command = {
  kind: 'parsed',
  name: 'cert passphrase',
  summary: "put the authority's key under a passphrase, change it, or take it off",
  options: [
    {
      flags: '--new-passphrase-fd <n>',
      description: `read the new one from this file descriptor; ${newPassphraseVariable} does the same`,
    },
    { flags: '--remove', description: 'leave the key in clear' },
    jsonOption,
  ],
  examples: [
    ['quorate cert passphrase', 'asks for the old one, if there is one, and twice for the new one'],
    ['quorate cert passphrase --ca-passphrase-fd 3 --new-passphrase-fd 4 3< old 4< new', 'without a terminal'],
    ['quorate cert passphrase --remove', 'from then on whoever reads DIR/pki/ca.key can sign'],
  ],
  load: async () => (await import('./passphrase.js')).passphrase,
};

export const certCommands: readonly Command[] = [
  issue,
  ...ledgerCommands,
  ...renewalCommands,
  exportOne,
  passphrase,
  ...authorityCommands,
  ...inspectionCommands,
];
