import type { SecureVersion } from 'node:tls';
import { type CipherSuite, cipherSuite, cipherSuiteNames } from '../transport/cipher-suites.js';
import type { Flag } from './flag-kinds.js';
import { refuse, splitList } from './flag-texts.js';
import { nearest } from './nearest.js';

const versions: Readonly<Record<string, SecureVersion | undefined>> = {
  '': undefined,
  'TLS1.2': 'TLSv1.2',
  'TLS1.3': 'TLSv1.3',
};

const parseVersion = (value: string): SecureVersion | undefined =>
  Object.hasOwn(versions, value)
    ? versions[value]
    : refuse(`unexpected TLS version "${value}" (must be one of: TLS1.2, TLS1.3)`);

export const tlsVersion = (standard: string, description: string): Flag<SecureVersion | undefined> => ({
  parse: parseVersion,
  fallback: parseVersion(standard),
  standard,
  placeholder: 'TLS1.2|TLS1.3',
  description,
});

export const ciphers = (description: string): Flag<readonly CipherSuite[]> => ({
  parse: (value) => splitList(value).map(parseSuite),
  fallback: [],
  standard: '',
  placeholder: 'SUITE,…',
  description,
});

function parseSuite(name: string): CipherSuite {
  const meant = nearest(name, cipherSuiteNames);
  const hint = meant === undefined ? `there are ${cipherSuiteNames.join(', ')}` : `did you mean ${meant}?`;
  return cipherSuite(name) ?? refuse(`unexpected TLS cipher suite "${name}"`, hint);
}
