import { dirname, join } from 'node:path';
import { environmentFile, memberUnit, staticPod } from '#templates';
import {
  hostCertificateFolder,
  kitFiles,
  memberData,
  memberFiles,
  memberFolder,
  memberRevocations,
  memberTree,
} from '../layout.js';
import { type Member, metricsPort, type Plan, usersOf } from '../plan/plan.js';
import { exitCodes } from '../report.js';
import { version } from '../version.js';
import {
  type Artifact,
  type FileArtifact,
  type KeyPairArtifact,
  privateFile,
  privateFolder,
  publicFile,
  publicFolder,
} from './artifact.js';
import { initialAccess } from './initial-access.js';
import { hostDataFolder, memberSettings, peerMark, unitName } from './member-settings.js';

// A member's tree: what is to be copied onto its host as it is.

const alwaysCarried: readonly string[] = ['localhost', '127.0.0.1', '::1'];

/** The names that a member's certificates carry. */
export function memberNames({ cluster }: Plan, member: Member, profile: 'server' | 'peer'): readonly string[] {
  const mark = profile === 'peer' && cluster.engine === 'etcd' ? [peerMark] : [];
  return [...alwaysCarried, member.name, member.host, ...member.addresses, ...mark];
}

function keyPair(plan: Plan, member: Member, profile: 'server' | 'peer'): KeyPairArtifact {
  const at = (name: string): string => join(memberFolder(member.name), name);
  const server = profile === 'server';
  return {
    kind: 'key-pair',
    path: at(server ? memberFiles.serverCertificate : memberFiles.peerCertificate),
    keyPath: at(server ? memberFiles.serverKey : memberFiles.peerKey),
    title: `the ${profile} certificate of ${member.name}`,
    keyType: member.keyType ?? plan.pki.keyType,
    request: {
      profile,
      commonName: member.name,
      names: memberNames(plan, member, profile),
      days: plan.pki.certDays,
    },
  };
}

const command = ({ cluster }: Plan): readonly [string, ...string[]] =>
  cluster.engine === 'etcd' ? ['etcd'] : ['quorate', 'serve'];

/** The same on every host of the cluster. */
function unitFile(plan: Plan, member: Member): FileArtifact {
  const { engine, name } = plan.cluster;
  const { environment, access, ...certificates } = memberFiles;
  const handedOver = engine === 'included' ? [...Object.values(certificates), access] : Object.values(certificates);
  return {
    kind: 'file',
    path: join(memberTree(member.name), 'etc/systemd/system', `${unitName(engine)}.service`),
    mode: publicFile,
    title: `the systemd unit of ${member.name}`,
    content: memberUnit({
      description: `${engine === 'etcd' ? 'etcd' : 'Quorate'} member of the cluster ${name}`,
      documentation: engine === 'etcd' ? 'https://etcd.io/docs/' : 'https://www.npmjs.com/package/quorate',
      command: command(plan),
      notifies: engine === 'etcd',
      ...(engine === 'included' && { finalExitCode: exitCodes.removed }),
      environmentFile: join(hostCertificateFolder, environment),
      credentials: Object.fromEntries(handedOver.map((file) => [file, join(hostCertificateFolder, file)])),
      stateFolder: unitName(engine),
    }),
  };
}

const defaultImage = ({ cluster }: Plan): string =>
  cluster.engine === 'etcd' ? 'registry.k8s.io/etcd:3.5.21-0' : `localhost/quorate:${version()}`;

function podFile(plan: Plan, member: Member, dir: string): FileArtifact {
  const component = unitName(plan.cluster.engine);
  return {
    kind: 'file',
    path: join(memberTree(member.name), 'etc/kubernetes/manifests', `${member.name}.yaml`),
    mode: privateFile,
    title: `the static pod of ${member.name}`,
    content: staticPod({
      name: `${component}-${member.name.toLowerCase()}`,
      component,
      image: plan.cluster.image ?? defaultImage(plan),
      command: command(plan),
      variables: memberSettings(plan, member, dir),
      certificateFolder: hostCertificateFolder,
      dataFolder: hostDataFolder(plan.cluster.engine),
      metricsPort: metricsPort(member),
    }),
  };
}

function settingsFile(plan: Plan, member: Member, dir: string): FileArtifact {
  return {
    kind: 'file',
    path: join(memberFolder(member.name), memberFiles.environment),
    mode: publicFile,
    title: `the settings of ${member.name}`,
    content: environmentFile(
      [`member ${member.name} of the cluster ${plan.cluster.name}`],
      memberSettings(plan, member, dir),
    ),
  };
}

function runFiles(plan: Plan, member: Member, dir: string): FileArtifact[] {
  switch (plan.cluster.run) {
    case 'local':
      return [settingsFile(plan, member, dir)];
    case 'systemd':
      return [settingsFile(plan, member, dir), unitFile(plan, member)];
    case 'static-pod':
      return [podFile(plan, member, dir)];
  }
}

/** Every folder above a path inside a tree, from the top. */
function foldersOf(tree: string, path: string): string[] {
  const above = dirname(path);
  return above === tree ? [tree] : [...foldersOf(tree, above), above];
}

/**
 * The folders are as open as they are on any host (tar and rsync set them there as they are here), all but the one
 * with the keys.
 */
function folders({ cluster }: Plan, member: Member, files: readonly FileArtifact[]): Artifact[] {
  const keys = memberFolder(member.name);
  const revocations = memberRevocations(cluster.run, member.name);
  const paths = new Set([
    ...[join(keys, memberFiles.ca), revocations, ...files.map(({ path }) => path)].flatMap((path) =>
      foldersOf(memberTree(member.name), path),
    ),
  ]);
  return [...paths].map((path) => ({ kind: 'folder', path, mode: path === keys ? privateFolder : publicFolder }));
}

function accessFiles(plan: Plan, member: Member): Artifact[] {
  if (plan.cluster.engine !== 'included') return [];
  return [
    {
      kind: 'access',
      path: join(memberFolder(member.name), memberFiles.access),
      access: initialAccess(plan),
      passwords: usersOf(plan)
        .filter(({ password }) => password)
        .map(({ name }) => ({ user: name, path: kitFiles(name).password })),
    },
  ];
}

/** @param dir absolute */
export function memberArtifacts(plan: Plan, member: Member, dir: string): Artifact[] {
  const files = runFiles(plan, member, dir);
  const local = plan.cluster.run === 'local';
  return [
    ...folders(plan, member, files),
    ...(local ? [{ kind: 'folder', path: memberData(member.name), mode: privateFolder } as const] : []),
    { kind: 'trust', path: join(memberFolder(member.name), memberFiles.ca) },
    { kind: 'revocations', path: memberRevocations(plan.cluster.run, member.name) },
    keyPair(plan, member, 'server'),
    keyPair(plan, member, 'peer'),
    ...accessFiles(plan, member),
    ...files,
  ];
}
