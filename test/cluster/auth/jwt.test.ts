import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Auth } from '../../../cluster/auth/auth.js';
import { Authenticator } from '../../../cluster/auth/authenticator.js';
import { JwtTokens } from '../../../cluster/auth/jwt.js';
import { type JwtOptions, type SignMethod, signMethods } from '../../../cluster/auth/jwt-options.js';
import { Passwords } from '../../../cluster/auth/passwords.js';
import { Tokens } from '../../../cluster/auth/tokens.js';
import { authRevision, index } from '../../../cluster/numbers.js';
import { temporaryFolder } from '../../certificates.js';
import { memoryTables } from './memory-tables.js';
import { addUser, changePassword, withRoot } from './operations.js';

interface Pair {
  readonly publicKey: string;
  readonly privateKey: string;
}

const pem = ({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): Pair => ({
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
});
const rsa = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }));
const ec = (namedCurve: string): Pair => pem(generateKeyPairSync('ec', { namedCurve }));
const secret = (bytes: number): Pair => ({ publicKey: '', privateKey: randomBytes(bytes).toString('latin1') });

function pairFor(method: SignMethod): Pair {
  const rule: { readonly type: string; readonly curve?: string } | number = signMethods[method];
  if (typeof rule === 'number') return secret(rule);
  if (rule.curve !== undefined) return ec(rule.curve);
  return rule.type === 'rsa' ? rsa : pem(generateKeyPairSync('ed25519'));
}

type Files = Partial<Record<'publicKeyFile' | 'privateKeyFile', string>>;

async function filesOf(t: ExecutionContext, pair: Partial<Pair>): Promise<Files> {
  const folder = await temporaryFolder(t);
  const [publicKeyFile, privateKeyFile] = [join(folder, 'jwt.pub'), join(folder, 'jwt.key')];
  if (pair.publicKey !== undefined) await writeFile(publicKeyFile, pair.publicKey);
  if (pair.privateKey !== undefined) await writeFile(privateKeyFile, pair.privateKey, 'latin1');
  return {
    ...(pair.publicKey ? { publicKeyFile } : {}),
    ...(pair.privateKey ? { privateKeyFile } : {}),
  };
}

const optionsOf = (method: SignMethod, { publicKeyFile, privateKeyFile }: Files, ttlMs = 60_000): JwtOptions => ({
  method,
  publicKeyFile,
  privateKeyFile,
  ttlMs,
});

const clock = { ms: Date.UTC(2030, 0, 1) };
const now = () => clock.ms;
const open = async (t: ExecutionContext, method: SignMethod, pair: Partial<Pair>): Promise<JwtTokens> =>
  JwtTokens.open(optionsOf(method, await filesOf(t, pair)), now);

const ann = { user: 'ann', authRevision: authRevision(7) };
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = { username: 'ann', revision: 7, exp: Math.floor(clock.ms / 1000) + 60 };

for (const method of Object.keys(signMethods) as SignMethod[]) {
  test(`a token signed with ${method} says whose it is`, async (t) => {
    const tokens = await open(t, method, pairFor(method));
    const token = await tokens.sign(ann);
    const [head, payload] = token.split('.').map((text) => Buffer.from(text, 'base64url').toString());
    t.deepEqual(JSON.parse(head ?? ''), { alg: method, typ: 'JWT' });
    t.deepEqual(JSON.parse(payload ?? ''), claims);
    t.deepEqual(await tokens.caller(token), ann);
    t.deepEqual(await tokens.caller(token), ann, 'a second time');
    t.is(await (await open(t, method, pairFor(method === 'RS256' ? 'RS384' : method))).caller(`${token}x`), undefined);
  });
}

test('a token without a signature is nobody’s', async (t) => {
  const tokens = await open(t, 'RS256', rsa);
  for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
    t.is(await tokens.caller(`${part({ alg, typ: 'JWT' })}.${part(claims)}.`), undefined, alg);
  }
  const [head, payload] = (await tokens.sign(ann)).split('.');
  t.is(await tokens.caller(`${head}.${payload}.`), undefined);
});

test('a token that takes the public key for a shared secret is nobody’s', async (t) => {
  const tokens = await open(t, 'RS256', rsa);
  const der = createPublicKey(rsa.publicKey).export({ type: 'spki', format: 'der' });
  for (const alg of ['HS256', 'RS256']) {
    for (const key of [rsa.publicKey, rsa.publicKey.trim(), der]) {
      const text = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
      const forged = `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
      t.is(await tokens.caller(forged), undefined, alg);
    }
  }
});

test('a token brings no key and no method of its own', async (t) => {
  const [tokens, other] = [await open(t, 'RS256', rsa), await open(t, 'PS256', rsa)];
  t.is(await tokens.caller(await other.sign(ann)), undefined, 'the right key, another method');
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = await open(t, 'RS256', pem({ privateKey, publicKey }));
  const [, payload, signature] = (await stranger.sign(ann)).split('.');
  const jwk = publicKey.export({ format: 'jwk' });
  t.is(await tokens.caller(`${part({ alg: 'RS256', jwk })}.${payload}.${signature}`), undefined);
  for (const text of ['', '.', '..', 'a.b.c', 'abcdefghijklmnop.12', 'x'.repeat(100_000)]) {
    t.is(await tokens.caller(text), undefined);
  }
});

test('claims that are missing or of the wrong kind make a token nobody’s', async (t) => {
  const pair = secret(32);
  const tokens = await open(t, 'HS256', pair);
  const signed = (payload: object): string => {
    const text = `${part({ alg: 'HS256' })}.${part(payload)}`;
    return `${text}.${createHmac('sha256', Buffer.from(pair.privateKey, 'latin1')).update(text).digest('base64url')}`;
  };
  t.deepEqual(await tokens.caller(signed(claims)), ann);
  const { exp: _, ...forever } = claims;
  for (const wrong of [
    forever,
    { ...claims, username: '' },
    { ...claims, username: 1 },
    { ...claims, revision: '7' },
    { ...claims, revision: 0 },
    { ...claims, revision: -1 },
    { ...claims, revision: 1.5 },
    { ...claims, revision: 1e300 },
    { ...claims, exp: 'never' },
    { ...claims, nbf: claims.exp },
  ])
    t.is(await tokens.caller(signed(wrong)), undefined, JSON.stringify(wrong));
});

test('a token ends at its time, known or not', async (t) => {
  const time = { ms: clock.ms };
  const files = await filesOf(t, secret(32));
  const at = () => time.ms;
  const tokens = await JwtTokens.open(optionsOf('HS256', files, 10_000), at);
  const token = await tokens.sign(ann);
  time.ms += 9_000;
  t.deepEqual(await tokens.caller(token), ann);
  time.ms += 1_000;
  t.is(await tokens.caller(token), undefined);
  t.is(await (await JwtTokens.open(optionsOf('HS256', files), at)).caller(token), undefined);
});

test('with a public key alone tokens are checked, and none are made', async (t) => {
  const [signer, checker] = [await open(t, 'RS256', rsa), await open(t, 'RS256', { publicKey: rsa.publicKey })];
  t.deepEqual(await checker.caller(await signer.sign(ann)), ann);
  await t.throwsAsync(checker.sign(ann), { code: 'token-verify-only' });
});

test('keys that do not fit are refused with all that is wrong', async (t) => {
  const p256 = ec('prime256v1');
  const small = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }));
  const refusal = async (method: SignMethod, pair: Partial<Pair>): Promise<string> =>
    (await t.throwsAsync(open(t, method, pair), { code: 'flag-refused' }))?.message ?? '';
  t.regex(
    await refusal('RS256', p256),
    /priv-key is of the kind ec prime256v1, RS256 takes rsa; pub-key is of the kind/,
  );
  t.regex(await refusal('ES384', p256), /takes secp384r1/);
  t.regex(await refusal('PS256', { ...rsa, publicKey: 'nothing' }), /pub-key holds no key/);
  t.regex(await refusal('RS256', small), /1024 bits/);
  t.regex(await refusal('HS512', secret(63)), /63 bytes, a secret for HS512 has 64/);
  const other = pem(generateKeyPairSync('ed25519'));
  t.regex(
    await refusal('EdDSA', { ...other, publicKey: pem(generateKeyPairSync('ed25519')).publicKey }),
    /do not belong together/,
  );
  const missing = JwtTokens.open(
    optionsOf('RS256', { publicKeyFile: '/nowhere/a', privateKeyFile: '/nowhere/b' }),
    now,
  );
  const error = await t.throwsAsync(missing, { code: 'flag-refused' });
  t.regex(error?.message ?? '', /pub-key \/nowhere\/a can't be read \(ENOENT\); priv-key/);
});

async function identified(t: ExecutionContext) {
  const jwt = await open(t, 'HS256', secret(32));
  const auth = new Auth(memoryTables(), new Tokens({ now: () => 0 }));
  for (const operation of [addUser('ann'), ...withRoot]) auth.apply(operation);
  const caughtUp: (() => void)[] = [];
  const authenticator = new Authenticator({
    auth,
    tokens: new Tokens({ now: () => 0 }),
    jwt,
    passwords: new Passwords(4),
    clientCertAuth: true,
    appliedIndex: () => index(1),
    linearize: async () => {
      for (const arrive of caughtUp) arrive();
    },
  });
  const caller = (user: string, revision: number = auth.revision) => ({ user, authRevision: authRevision(revision) });
  return { jwt, auth, authenticator, caller, caughtUp };
}

test('a token is good for the auth revision that it was made at, and for no other', async (t) => {
  const { jwt, auth, authenticator, caller, caughtUp } = await identified(t);
  const token = await jwt.sign(caller('root'));
  t.deepEqual(await authenticator.identify({ token, commonName: 'ann' }), caller('root'));
  auth.apply(changePassword('ann'));
  await t.throwsAsync(authenticator.identify({ token }), { code: 'auth-old-revision' });
  const later = await jwt.sign(caller('root', auth.revision + 1));
  await t.throwsAsync(authenticator.identify({ token: later }), { code: 'invalid-auth-token' });
  caughtUp.push(() => auth.apply(changePassword('ann')));
  t.deepEqual(await authenticator.identify({ token: later }), caller('root'), 'the change had not arrived yet');
});

test('where tokens are signed, simple ones and strangers’ are refused', async (t) => {
  const { authenticator } = await identified(t);
  for (const token of ['', 'abcdefghijklmnop.1', 'a.b.c']) {
    await t.throwsAsync(authenticator.identify({ token }), { code: 'invalid-auth-token' });
  }
});
