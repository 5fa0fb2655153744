import { isSignMethod, type JwtOptions, signMethods } from '../auth/jwt-options.js';
import { ClusterError } from '../errors.js';
import { parseDuration } from './durations.js';
import { refuse } from './flag-texts.js';

/** How the tokens of those who sign in with a password are made. */
export type AuthToken = { readonly kind: 'simple' } | ({ readonly kind: 'jwt' } & JwtOptions);

const optionNames = ['sign-method', 'pub-key', 'priv-key', 'ttl'] as const;
type OptionName = (typeof optionNames)[number];
type Options = Partial<Record<OptionName, string>>;

const minutesMs = 60_000;

/**
 * `simple`, or `jwt,sign-method=…,pub-key=FILE,priv-key=FILE,ttl=DURATION` as etcd takes it.
 * @throws ClusterError flag-refused with everything that is wrong
 */
export function parseAuthToken(text: string): AuthToken {
  const [kind, ...written] = text.split(',');
  if (text === 'simple') return { kind: 'simple' };
  if (kind !== 'jwt') return refuse(`"${text}" is neither simple nor jwt,…`);
  const complaints: string[] = [];
  const options = jwtOptions(readOptions(written, complaints), complaints);
  if (complaints.length > 0) return refuse(complaints.join('; '), `jwt,${optionNames.join('=…,')}=…`);
  return { kind, ...options };
}

function readOptions(written: readonly string[], complaints: string[]): Options {
  const options: Options = {};
  for (const part of written) {
    const [name = '', value, more] = part.split('=');
    const known = optionNames.find((each) => each === name);
    if (value === undefined || value === '' || more !== undefined) complaints.push(`"${part}" is not NAME=VALUE`);
    else if (known === undefined) complaints.push(`there is no option ${name}`);
    else if (options[known] !== undefined) complaints.push(`${name} is given twice`);
    else options[known] = value;
  }
  return options;
}

function jwtOptions(options: Options, complaints: string[]): JwtOptions {
  const { 'sign-method': method, 'pub-key': publicKeyFile, 'priv-key': privateKeyFile, ttl } = options;
  if (method === undefined) complaints.push('sign-method is missing');
  else if (!isSignMethod(method)) {
    complaints.push(`sign-method ${method} is not one of ${Object.keys(signMethods).join(', ')}`);
  } else if (privateKeyFile === undefined && method.startsWith('HS')) {
    complaints.push(`${method} has one secret, which priv-key names`);
  } else if (privateKeyFile === undefined && publicKeyFile === undefined) complaints.push('priv-key is missing');
  return {
    method: method !== undefined && isSignMethod(method) ? method : 'RS256',
    publicKeyFile,
    privateKeyFile,
    ttlMs: ttl === undefined ? 5 * minutesMs : ttlMs(ttl, complaints),
  };
}

function ttlMs(text: string, complaints: string[]): number {
  try {
    const ms = parseDuration(text);
    if (ms < 1000) complaints.push(`ttl ${text} is less than a second`);
    return ms;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    complaints.push(`ttl: ${error.message}`);
    return 0;
  }
}
