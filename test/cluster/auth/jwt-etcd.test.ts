import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JwtTokens } from '../../../cluster/auth/jwt.js';
import { ClusterCalls } from '../../../cluster/client/cluster-calls.js';
import { authRevision } from '../../../cluster/numbers.js';
import { authMethods, kvMethods } from '../../../cluster/wire/services.js';
import { temporaryFolder } from '../../certificates.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';

judge('etcd').test('a real etcd takes our signed tokens, and we take its own', async (t) => {
  const folder = await temporaryFolder(t);
  const privateKeyFile = join(folder, 'jwt.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(privateKeyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const publicKeyFile = join(folder, 'jwt.pub');
  await writeFile(publicKeyFile, createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }));
  const flag = `jwt,sign-method=PS256,priv-key=${privateKeyFile},pub-key=${publicKeyFile},ttl=5m`;
  const { endpoint } = await startEtcd(t, undefined, undefined, ['--auth-token', flag]);
  const ours = await JwtTokens.open({ method: 'PS256', publicKeyFile, privateKeyFile, ttlMs: 300_000 }, Date.now);

  const calls = new ClusterCalls([endpoint], undefined, undefined);
  t.teardown(() => calls.close());
  await calls.anywhere(authMethods.userAdd, { name: 'root', password: 'x' }, 'once');
  await calls.anywhere(authMethods.roleAdd, { name: 'root' }, 'once');
  await calls.anywhere(authMethods.userGrantRole, { user: 'root', role: 'root' }, 'once');
  await calls.anywhere(authMethods.authEnable, {}, 'once');

  const { token } = await calls.anywhere(authMethods.authenticate, { name: 'root', password: 'x' }, 'once');
  const caller = await ours.caller(token);
  t.is(caller?.user, 'root');
  const revision = authRevision(Number(caller?.authRevision));

  const put = async (signed: string): Promise<unknown> => {
    calls.token = signed;
    return calls.anywhere(kvMethods.put, { key: Buffer.from('k') }, 'once');
  };
  await t.notThrowsAsync(put(await ours.sign({ user: 'root', authRevision: revision })));
  await t.throwsAsync(put(await ours.sign({ user: 'root', authRevision: authRevision(revision - 1) })), {
    code: 'auth-old-revision',
  });
  await t.throwsAsync(put('abc.def.ghi'), { code: 'invalid-auth-token' });
});
