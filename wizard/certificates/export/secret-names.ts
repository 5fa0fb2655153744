import { isNamespaceName, isSecretName } from '#templates';
import type { Given } from '../../commands/command.js';
import { WizardError } from '../../errors.js';
import type { SecretNames } from './formats.js';

/** What a Secret is called: as given, or after the certificate. @throws WizardError `usage` with everything that is wrong */
export function secretNames(name: string, given: Given): SecretNames {
  const asked = typeof given.secretName === 'string' ? given.secretName : undefined;
  const namespace = typeof given.namespace === 'string' ? given.namespace : undefined;
  const secretName = asked ?? name.toLowerCase().replaceAll('_', '-');
  const wrong = [
    ...(isSecretName(secretName) ? [] : [`a Secret can't be called ${JSON.stringify(secretName)}`]),
    ...(namespace === undefined || isNamespaceName(namespace)
      ? []
      : [`a namespace can't be called ${JSON.stringify(namespace)}`]),
  ];
  if (wrong.length === 0) return { name: secretName, namespace, opaque: given.opaque === true };
  const hint = 'a-z, 0-9 and -, as in host names: --secret-name etcd-client';
  throw new WizardError('usage', wrong.join('; '), { wrong }, { hint });
}
