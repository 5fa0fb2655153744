// The door of the templates wing: typed functions that write what other programs read, each value quoted for its dialect.
export { environmentFile, type Variables } from './environment-file.js';
export { TemplateError, type TemplateErrorCode } from './errors.js';
export { type Kit, kitEnvironment, kitLetter } from './kit.js';
export { type MemberUnit, memberUnit } from './member-unit.js';
export { markdownCode, shellArgument, shellWord, typedArgument } from './quoting.js';
export { type StaticPod, staticPod } from './static-pod.js';
export { isNamespaceName, isSecretName, type TlsSecret, tlsSecret } from './tls-secret.js';
