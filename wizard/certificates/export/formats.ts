import { type Bundle, makePkcs12 } from '#pki';
import { tlsSecret } from '#templates';
import { WizardError } from '../../errors.js';

// A certificate with its key and chain -> the files of a format. Nothing here reads or writes.

export const exportFormats = ['pem', 'fullchain', 'pkcs12', 'k8s-secret', 'kubeadm'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** One file, by its path below wherever the person wants it. */
export interface ExportedFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** It holds a private key. */
  readonly secret: boolean;
}

/** Formats of more than one file go to a folder. */
export const isFolderFormat = (format: ExportFormat): boolean => format === 'pem' || format === 'kubeadm';

const pemOf = (certificates: readonly { readonly pem: string }[]): string =>
  certificates.map(({ pem }) => (pem.endsWith('\n') ? pem : `${pem}\n`)).join('');

/** What servers present: the leaf and what stands between it and its authority, never the authority (RFC 8446 4.4.2). */
const fullchain = ({ leaf, intermediates }: Bundle): string => pemOf([leaf, ...intermediates]);

/** Each in a file of its own, as etcd's flags and most programs take them. */
export function pemFiles(bundle: Bundle, name: string): ExportedFile[] {
  const { leaf, intermediates, trusted, keyPem } = bundle;
  return [
    ...(keyPem === undefined ? [] : [{ name: `${name}.key`, content: keyPem, secret: true }]),
    { name: `${name}.crt`, content: pemOf([leaf]), secret: false },
    ...(intermediates.length === 0
      ? []
      : [{ name: `${name}.chain.crt`, content: pemOf(intermediates), secret: false }]),
    { name: 'ca.crt', content: pemOf(trusted), secret: false },
  ];
}

export const fullchainFile = (bundle: Bundle, name: string): ExportedFile => ({
  name: `${name}.fullchain.crt`,
  content: fullchain(bundle),
  secret: false,
});

/** Asks for the password once it is clear that there is something to protect. @throws WizardError `key-elsewhere` */
export async function pkcs12File(bundle: Bundle, name: string, ask: () => Promise<string>): Promise<ExportedFile> {
  const complete = withKey(bundle, 'pkcs12');
  const content = await makePkcs12({ bundle: complete, name, password: await ask() });
  return { name: `${name}.p12`, content, secret: true };
}

export interface SecretNames {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly opaque: boolean;
}

/** @throws WizardError `key-elsewhere`, TemplateError */
export function secretFile(
  bundle: Bundle,
  name: string,
  { name: secretName, namespace, opaque }: SecretNames,
): ExportedFile {
  const { trusted, keyPem } = opaque ? bundle : withKey(bundle, 'k8s-secret');
  const content = tlsSecret({
    name: secretName,
    type: opaque ? 'Opaque' : 'kubernetes.io/tls',
    certificatePem: fullchain(bundle),
    caPem: pemOf(trusted),
    ...(namespace === undefined ? {} : { namespace }),
    ...(keyPem === undefined ? {} : { keyPem }),
  });
  return { name: `${name}.secret.yaml`, content, secret: keyPem !== undefined };
}

/** The certificates of a member as kubeadm lays them out, by their places below /etc/kubernetes/pki. */
export const kubeadmPlaces = {
  server: 'etcd/server',
  peer: 'etcd/peer',
  'healthcheck-client': 'etcd/healthcheck-client',
  'apiserver-etcd-client': 'apiserver-etcd-client',
} as const;
export type KubeadmUse = keyof typeof kubeadmPlaces;

/** @throws WizardError `key-elsewhere` */
export function kubeadmFiles(bundles: Readonly<Record<KubeadmUse, Bundle>>): ExportedFile[] {
  const uses = Object.keys(kubeadmPlaces) as KubeadmUse[];
  return [
    { name: 'etcd/ca.crt', content: pemOf(bundles.server.trusted), secret: false },
    ...uses.flatMap((use) => [
      { name: `${kubeadmPlaces[use]}.key`, content: withKey(bundles[use], 'kubeadm').keyPem, secret: true },
      { name: `${kubeadmPlaces[use]}.crt`, content: fullchain(bundles[use]), secret: false },
    ]),
  ];
}

function withKey(bundle: Bundle, format: ExportFormat): Bundle & { readonly keyPem: string } {
  const { keyPem } = bundle;
  if (keyPem !== undefined) return { ...bundle, keyPem };
  const hint = 'run this where the key is and name it with --key; pem and fullchain do without';
  const what = `${format} needs the key of ${bundle.leaf.commonName}, and there is none beside the certificate`;
  throw new WizardError('key-elsewhere', what, {}, { hint });
}
