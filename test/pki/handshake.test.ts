import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { type Issued, keyTypes } from '#pki';
import { bench, later } from './setting.js';

interface Party {
  readonly issued: Issued;
  readonly ca: string;
  readonly crl?: string;
}

/** The common names that each side saw, or the error of the side that refused. */
async function handshake(t: ExecutionContext, server: Party, client: Party, servername: string): Promise<string> {
  const secrets = ({ issued, ca, crl }: Party) => ({
    cert: issued.chainPem,
    key: issued.keyPem,
    ca,
    ...(crl === undefined ? {} : { crl }),
  });
  const listener = createServer({ ...secrets(server), requestCert: true, rejectUnauthorized: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.teardown(() => listener.close());
  const accepted = new Promise<string>((resolve) => {
    listener.once('secureConnection', (socket: TLSSocket) => resolve(peerName(socket)));
    listener.once('tlsClientError', (error) => resolve(`server: ${codeOf(error)}`));
  });
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  // Node checks an address instead of a name when no servername is given.
  const byAddress = /^[\d.]+$/.test(servername);
  const socket = connect({ ...secrets(client), host: '127.0.0.1', port, ...(byAddress ? {} : { servername }) });
  t.teardown(() => socket.destroy());
  const reached = new Promise<string>((resolve) => {
    socket.once('secureConnect', () => resolve(peerName(socket)));
    socket.on('error', (error) => resolve(`client: ${codeOf(error)}`));
  });
  const seen = await reached;
  return seen.startsWith('client:') ? seen : `${seen} <- ${await accepted}`;
}

const peerName = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject.CN);
const codeOf = (error: Error): string => ('code' in error ? String(error.code) : error.message);

for (const keyType of keyTypes) {
  test(`a TLS server and a client with ${keyType} keys accept each other and read each other's common names`, async (t) => {
    const { issue, authority, path } = await bench(t, keyType, new Date());
    const ca = authority.certificate.pem;
    const crl = await readFile(path('pki/ca.crl'), 'utf8');
    const server = { ca, crl, issued: await issue() };
    const client = { ca, crl, issued: await issue({ profile: 'client', commonName: 'app', names: [] }) };
    t.is(await handshake(t, server, client, 'm1.example'), 'm1 <- app');
    t.is(await handshake(t, server, client, '127.0.0.1'), 'm1 <- app');
  });
}

test("members accept each other's peer certificate, and a server's as a client's", async (t) => {
  const { issue, authority } = await bench(t, 'ecdsa-p256', new Date());
  const ca = authority.certificate.pem;
  const [m1, m2] = [await issue({ profile: 'peer' }), await issue({ profile: 'peer', commonName: 'm2' })];
  t.is(await handshake(t, { ca, issued: m1 }, { ca, issued: m2 }, 'm1.example'), 'm1 <- m2');
  const server = await issue();
  t.is(await handshake(t, { ca, issued: server }, { ca, issued: server }, 'm1.example'), 'm1 <- m1');
});

test('a handshake fails on a name that is not in the certificate, a stranger and a server with a client certificate', async (t) => {
  const [ours, theirs] = [await bench(t, 'ecdsa-p256', new Date()), await bench(t, 'ecdsa-p256', new Date())];
  const ca = ours.authority.certificate.pem;
  const server = { ca, issued: await ours.issue() };
  const app = { ca, issued: await ours.issue({ profile: 'client', commonName: 'app', names: ['m1.example'] }) };
  const stranger = { ca, issued: await theirs.issue({ profile: 'client', commonName: 'app', names: [] }) };
  t.is(await handshake(t, server, app, 'm2.example'), 'client: ERR_TLS_CERT_ALTNAME_INVALID');
  t.is(await handshake(t, app, server, 'm1.example'), 'client: INVALID_PURPOSE');
  t.regex(await handshake(t, server, stranger, 'm1.example'), /server: /);
});

test('a handshake fails on a server that expired', async (t) => {
  const { issue, authority } = await bench(t, 'ecdsa-p256', later(-10, new Date()));
  const ca = authority.certificate.pem;
  const party = { ca, issued: await issue({ days: 5 }) };
  t.is(await handshake(t, party, party, 'm1.example'), 'client: CERT_HAS_EXPIRED');
});
