import { once } from 'node:events';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import test from 'ava';
import { silentLogger } from '../../../cluster/logger.js';
import { Admission } from '../../../cluster/transport/admission.js';
import { keepChains } from '../../../cluster/transport/kept-chains.js';
import { TlsMaterial } from '../../../cluster/transport/tls-material.js';
import { contentsOf, folderOf, issue, issueAuthority, makeAuthority } from './certificates.js';
import { Revocations } from './revocations.js';

test('a chain that Node loses is noticed, refused, and kept from then on', async (t) => {
  const folder = folderOf(t);
  const authority = makeAuthority(folder);
  const between = { cert: join(folder, 'between.crt'), key: join(folder, 'between.key') };
  issueAuthority(folder, authority, between);
  const leaf = issue(folder, between, { name: 'leaf' });
  const revocations = new Revocations(folder, authority);
  const crl = join(folder, 'ca.crl');
  revocations.revoke(between.cert);
  revocations.write(crl);
  const material = new TlsMaterial({ ...issue(folder, authority, { name: 'server' }), crl }, { logger: silentLogger });
  const server = createServer({ ...material.options, requestCert: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  let lost = 0;
  const onLostChain = (): void => {
    lost += 1;
    keepChains(server);
  };
  const admission = new Admission({ material, rules: {}, logger: silentLogger, onLostChain });
  t.teardown(() => {
    admission.close();
    material.close();
    server.close();
  });
  const ca = contentsOf({ ...leaf, ca: authority.cert }).ca;
  const reasonFor = async (cert: string): Promise<string | undefined> => {
    const client = connect({ port, host: '127.0.0.1', ...contentsOf(leaf), cert, ca }).on('error', () => {});
    const [socket] = (await once(server, 'secureConnection')) as [TLSSocket];
    // What some versions of Node do themselves (nodejs/node#65579).
    socket.getPeerX509Certificate();
    const refusal = await admission.decide(socket);
    client.destroy();
    return refusal?.reason;
  };
  const chain = contentsOf(leaf).cert + contentsOf({ ...leaf, cert: between.cert }).cert;
  t.is(await reasonFor(chain), 'what is behind its certificate is not known');
  t.is(await reasonFor(chain), 'an authority of its certificate was revoked');
  t.is(lost, 1);
});
