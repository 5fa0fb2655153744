import { stringify } from 'yaml';
import { TemplateError } from './errors.js';

/** A certificate as a Secret of Kubernetes. */
export interface TlsSecret {
  readonly name: string;
  /** Of whoever applies it when absent. */
  readonly namespace?: string;
  /** kubernetes.io/tls is what ingresses and cert-manager's readers ask for, and needs a key. */
  readonly type: 'kubernetes.io/tls' | 'Opaque';
  /** PEM, by the names that readers of either type expect. */
  readonly certificatePem: string;
  readonly keyPem?: string;
  readonly caPem: string;
}

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const subdomain = new RegExp(`^${label}(\\.${label})*$`);
const nameLengthMax = 253;

/** Whether Kubernetes takes this as a Secret's name (RFC 1123, subdomain). */
export const isSecretName = (text: string): boolean => text.length <= nameLengthMax && subdomain.test(text);
/** Whether Kubernetes takes this as a namespace's name (RFC 1123, label). */
export const isNamespaceName = (text: string): boolean => new RegExp(`^${label}$`).test(text);

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The manifest, for kubectl apply. @throws TemplateError for names that Kubernetes does not take, or a type without its key */
export function tlsSecret({ name, namespace, type, certificatePem, keyPem, caPem }: TlsSecret): string {
  if (!isSecretName(name)) throw new TemplateError(`a Secret can't be called ${JSON.stringify(name)}`, { name });
  if (namespace !== undefined && !isNamespaceName(namespace)) {
    throw new TemplateError(`a namespace can't be called ${JSON.stringify(namespace)}`, { namespace });
  }
  if (type === 'kubernetes.io/tls' && keyPem === undefined) {
    throw new TemplateError('a Secret of the type kubernetes.io/tls has a key', { name });
  }
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    type,
    data: {
      'ca.crt': base64(caPem),
      'tls.crt': base64(certificatePem),
      ...(keyPem === undefined ? {} : { 'tls.key': base64(keyPem) }),
    },
  };
  // Kubernetes reads YAML 1.1 words (yes, on, 1:20) as other things than text: that version's rules quote them.
  return stringify(manifest, { version: '1.1', lineWidth: 0 });
}
