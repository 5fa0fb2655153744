import test from 'ava';
import { parseAuthToken } from '../../../cluster/config/auth-token.js';

test('what etcd takes as --auth-token is taken', (t) => {
  t.deepEqual(parseAuthToken('simple'), { kind: 'simple' });
  t.deepEqual(parseAuthToken('jwt,pub-key=/p,priv-key=/k,sign-method=ES256,ttl=10m'), {
    kind: 'jwt',
    method: 'ES256',
    publicKeyFile: '/p',
    privateKeyFile: '/k',
    ttlMs: 600_000,
  });
  t.deepEqual(parseAuthToken('jwt,sign-method=RS512,pub-key=/p'), {
    kind: 'jwt',
    method: 'RS512',
    publicKeyFile: '/p',
    privateKeyFile: undefined,
    ttlMs: 300_000,
  });
});

const refusals: readonly (readonly [text: string, ...complaints: RegExp[]])[] = [
  ['', /neither simple nor jwt/],
  ['paseto', /neither/],
  ['simple,ttl=1m', /neither/],
  ['jwt', /sign-method is missing/],
  ['jwt,sign-method=none,priv-key=/k', /sign-method none is not one of RS256/],
  ['jwt,sign-method=rs256,priv-key=/k', /rs256 is not one of/],
  ['jwt,sign-method=RS256', /priv-key is missing/],
  ['jwt,sign-method=HS256,pub-key=/p', /HS256 has one secret, which priv-key names/],
  ['jwt,sign-method=RS256,priv-key=/k,ttl=5', /missing unit/],
  ['jwt,sign-method=RS256,priv-key=/k,ttl=-5m', /less than a second/],
  [
    'jwt,sign-method=RS257,tll=5m,pub-key,priv-key=/k,priv-key=/l',
    ...[/"pub-key" is not NAME=VALUE/, /no option tll/, /priv-key is given twice/, /sign-method RS257/],
  ],
];

for (const [text, ...complaints] of refusals) {
  test(`--auth-token ${JSON.stringify(text)} is refused with all that is wrong`, (t) => {
    const error = t.throws(() => parseAuthToken(text), { code: 'flag-refused' });
    for (const complaint of complaints) t.regex(error?.message ?? '', complaint);
  });
}
