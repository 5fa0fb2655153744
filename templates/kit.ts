import { markdownCode, markdownText, shellArgument, shellWord } from './quoting.js';

/** What a user's kit says. Paths are absolute. */
export interface Kit {
  readonly user: string;
  readonly cluster: string;
  readonly endpoints: readonly string[];
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The user made the key, and has it: it is put beside the rest. */
  readonly keyIsElsewhere: boolean;
  readonly environmentFile: string;
  /** The file with the user's password, for those who have one. */
  readonly passwordFile?: string;
  /** What the user may do, in words; none for root, who may do everything. */
  readonly permissions: readonly string[];
  readonly isRoot: boolean;
  /** A key to try the kit with. */
  readonly example?: { readonly key: string; readonly readable: boolean; readonly writable: boolean };
}

const oneLine = (text: string): string => text.replace(/\p{Cc}/gu, ' ');

/** NAME.env: what etcdctl needs to know, for any POSIX shell to source. */
export function kitEnvironment(kit: Kit): string {
  const variables: Readonly<Record<string, string>> = {
    ETCDCTL_API: '3',
    ETCDCTL_ENDPOINTS: kit.endpoints.join(','),
    ETCDCTL_CACERT: kit.caFile,
    ETCDCTL_CERT: kit.certificateFile,
    ETCDCTL_KEY: kit.keyFile,
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(value)}`);
  return [`# ${oneLine(kit.user)} on the cluster ${oneLine(kit.cluster)}, for etcdctl`, ...lines, ''].join('\n');
}

/** Commands as an indented code block: a fence could be closed by what stands in it. */
const commands = (...lines: readonly string[]): string =>
  lines
    .flatMap((line) => line.split('\n'))
    .map((line) => `    ${line}`)
    .join('\n');

const may = ({ isRoot, permissions }: Kit): string => {
  if (isRoot)
    return 'You are the administrator: you may read and write every key, and manage users, roles and members.';
  if (permissions.length === 0) return 'You may sign in, and neither read nor write until someone gives you a role.';
  return `You may\n\n${permissions.map((permission) => `- ${permission}`).join('\n')}`;
};

function trial({ environmentFile, example }: Kit): string {
  const source = `. ${shellArgument(environmentFile)}`;
  if (example === undefined) return commands(source, 'etcdctl endpoint status -w table');
  const key = shellArgument(example.key);
  const put = example.writable ? [`etcdctl put ${key} hello`] : [];
  return commands(source, ...put, ...(example.readable ? [`etcdctl get ${key}`] : []));
}

const keyRow = ({ keyFile, keyIsElsewhere }: Kit): string =>
  keyIsElsewhere
    ? `| ${markdownCode(fileName(keyFile))} | not in here: you made it with your request, and nobody else ever had it; put it into this folder, readable by yourself only (mode 0600) |`
    : `| ${markdownCode(fileName(keyFile))} | its private key; whoever has it is you: keep it readable by yourself only (mode 0600), never send it |`;

const password = ({ passwordFile }: Kit): string =>
  passwordFile === undefined
    ? ''
    : `\nThe file ${markdownCode(passwordFile)} holds your password, for clients that cannot use a certificate. Keep it as you keep the key.\n`;

/** README.md of the kit: what a new user needs to read, and no more. */
export function kitLetter(kit: Kit): string {
  return `# ${markdownText(kit.user)} on ${markdownText(kit.cluster)}

This folder is your access to the cluster ${markdownText(kit.cluster)}. ${kit.keyIsElsewhere ? 'Put your key into it, set its paths in the settings, and try it:' : 'Try it:'}

${trial(kit)}

${may(kit)}

| file | what it is |
|---|---|
| ${markdownCode(fileName(kit.certificateFile))} | your certificate: its common name is your user name, so no password is needed |
${keyRow(kit)}
| ${markdownCode(fileName(kit.caFile))} | the authority that the servers' certificates are checked against |
| ${markdownCode(fileName(kit.environmentFile))} | the settings for etcdctl, with absolute paths: change them when you move the folder |
${password(kit)}
Any etcd v3 client takes the same three files, and these endpoints:

${kit.endpoints.map((endpoint) => `- ${markdownCode(endpoint)}`).join('\n')}

When your certificate ends:

${commands(`openssl x509 -noout -enddate -in ${shellArgument(kit.certificateFile)}`)}
`;
}

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
