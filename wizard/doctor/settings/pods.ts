import { posix } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { aliasesMax } from '../../plan/source.js';
import { type Diagnosis, error, warning } from '../diagnosis.js';
import { fieldsOf, isOn, type Settings } from './read.js';
import { prefixes, type Rule } from './rule.js';

// Static pods: manifests that a kubelet starts without an API server.

type Fields = ReturnType<typeof fieldsOf>;

interface Mount {
  readonly path: string;
  /** Of the volume; undefined: the pod has none of that name. */
  readonly volume: Fields | undefined;
}

const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const isPod = (text: string): boolean => /^kind:\s*["']?Pod["']?\s*$/m.test(text);

export const podRule: Rule = ({ settings, text, where }) => {
  if (!isPod(text)) return [];
  const documents = parseAllDocuments(text);
  try {
    const [broken] = documents.flatMap(({ errors }) => errors);
    if (broken !== undefined) throw broken;
    return documents
      .map((document) => fieldsOf(document.toJS({ maxAliasCount: aliasesMax })))
      .filter(({ kind }) => kind === 'Pod')
      .flatMap(({ spec }) => podTroubles(fieldsOf(spec), settings, where));
  } catch (cause) {
    const [what = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1);
    return [error('pod-unreadable', where, what, 'mend its YAML')];
  }
};

function podTroubles(spec: Fields, settings: Settings, where: string): Diagnosis[] {
  const containers = listOf(spec.containers);
  const volumes = listOf(spec.volumes);
  const mounts = containers
    .flatMap(({ volumeMounts }) => listOf(volumeMounts))
    .map(({ mountPath, name }) => ({
      path: String(mountPath),
      volume: volumes.find((volume) => volume.name === name),
    }));
  return [
    ...dataTroubles(mounts, settings, where),
    ...fileTroubles(mounts, settings, where),
    ...referenceTroubles(spec, volumes, where),
    ...networkTroubles(spec, where),
    ...watchTroubles(spec, containers, where),
    ...probeTroubles(containers, settings, where),
  ];
}

/** The innermost, as it hides what is around it. */
const mountOf = (path: string, mounts: readonly Mount[]): Mount | undefined =>
  mounts
    .filter((mount) => `${posix.normalize(path)}/`.startsWith(`${posix.normalize(mount.path).replace(/\/$/, '')}/`))
    .sort((a, b) => b.path.length - a.path.length)[0];

function dataTroubles(mounts: readonly Mount[], settings: Settings, where: string): Diagnosis[] {
  const data = settings.get('data-dir') ?? '/var/lib/etcd';
  const mount = mountOf(data, mounts);
  const what =
    mount === undefined
      ? 'on no volume'
      : mount.volume === undefined
        ? 'mounted from a volume that the pod does not have'
        : 'emptyDir' in mount.volume
          ? 'on an emptyDir'
          : undefined;
  if (what === undefined) return [];
  return [error('pod-forgets', where, `${data} is ${what}`, 'a hostPath of the type DirectoryOrCreate, mounted there')];
}

const fileFlags = prefixes.flatMap((prefix) =>
  ['cert-file', 'key-file', 'trusted-ca-file'].map((flag) => `${prefix}${flag}`),
);

function fileTroubles(mounts: readonly Mount[], settings: Settings, where: string): Diagnosis[] {
  const outside = fileFlags.flatMap((flag) => {
    const path = settings.get(flag);
    return path === undefined || mountOf(path, mounts) !== undefined ? [] : [`--${flag}=${path}`];
  });
  if (outside.length === 0) return [];
  const what = `${outside.join(', ')} ${outside.length === 1 ? 'is' : 'are'} on no volume`;
  return [error('pod-files', where, what, 'a hostPath of the folder with the certificates, mounted there')];
}

function referenceTroubles(spec: Fields, volumes: readonly Fields[], where: string): Diagnosis[] {
  const written = JSON.stringify(spec);
  const referred = [
    ['Secret', volumes.some(({ secret }) => secret !== undefined) || /"secret(Key)?Ref":/.test(written)],
    ['ConfigMap', volumes.some(({ configMap }) => configMap !== undefined) || /"configMap(Key)?Ref":/.test(written)],
    ['ServiceAccount', spec.serviceAccountName !== undefined],
  ] as const;
  return referred
    .filter(([, isThere]) => isThere)
    .map(([kind]) => error('pod-refers', where, `it refers to a ${kind}`, 'files on the host, 0600, by hostPath'));
}

const networkTroubles = ({ hostNetwork }: Fields, where: string): Diagnosis[] =>
  hostNetwork === true ? [] : [warning('pod-network', where, 'it has no hostNetwork: true', 'hostNetwork: true')];

function watchTroubles(spec: Fields, containers: readonly Fields[], where: string): Diagnosis[] {
  const missing = [
    ...['livenessProbe', 'readinessProbe'].filter((probe) => containers.every((each) => each[probe] === undefined)),
    ...(spec.priorityClassName === undefined ? ['priorityClassName'] : []),
  ];
  if (missing.length === 0) return [];
  const next = '/livez and /readyz on http://127.0.0.1:2381, system-node-critical';
  return [warning('pod-unwatched', where, `it has no ${missing.join(', ')}`, next)];
}

function probeTroubles(containers: readonly Fields[], settings: Settings, where: string): Diagnosis[] {
  if (!isOn(settings.get('client-cert-auth'))) return [];
  return containers.flatMap((container) =>
    ['startupProbe', 'livenessProbe', 'readinessProbe']
      .filter((probe) => fieldsOf(fieldsOf(container[probe]).httpGet).scheme === 'HTTPS')
      .map((probe) =>
        error(
          'probe-refused',
          where,
          `${probe} asks by HTTPS, beside --client-cert-auth`,
          '--listen-metrics-urls=http://127.0.0.1:2381, and the probe there by HTTP',
        ),
      ),
  );
}
