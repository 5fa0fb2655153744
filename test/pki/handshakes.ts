import { once } from 'node:events';
import { get } from 'node:https';
import { createServer, type SecureContextOptions } from 'node:tls';
import type { ExecutionContext } from 'ava';
import { startMember } from '../interop/single-member.js';
import { freePort } from '../ports.js';
import type { Bench } from './setting.js';

/** A certificate and its key, as `issue` returns them. */
export interface Identity {
  readonly chainPem: string;
  readonly keyPem: string;
}

const secrets = (ca: string, { chainPem, keyPem }: Identity): SecureContextOptions => ({
  ca,
  cert: chainPem,
  key: keyPem,
});

/**
 * A TLS server of Node's for one client, and whether both sides were content. It presents weak keys too: the other side is
 * to refuse them.
 */
export async function listen(t: ExecutionContext, ca: string, identity: Identity) {
  const options = { ...secrets(ca, identity), ciphers: 'DEFAULT@SECLEVEL=0', requestCert: true };
  const server = createServer({ ...options, rejectUnauthorized: true });
  const accepted = new Promise<boolean>((resolve) => {
    server.once('secureConnection', (socket) => {
      resolve(true);
      socket.destroy();
    });
    server.once('tlsClientError', () => resolve(false));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  return { accepted, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

/**
 * What a member's client port answers to whoever has this certificate; undefined when one side refuses the other. At level 0
 * the client presents and takes whatever there is, at level 2 nothing weak.
 */
export function askHealth(port: number, ca: string, identity: Identity, level = 0): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { ...secrets(ca, identity), ciphers: `DEFAULT@SECLEVEL=${level}`, agent: false };
    const asked = get({ host: '127.0.0.1', port, path: '/health', ...options }, (response) => {
      response.toArray().then(
        (chunks) => resolve(Buffer.concat(chunks).toString()),
        () => resolve(undefined),
      );
    });
    asked.on('error', () => resolve(undefined));
  });
}

/** Starts a member of either engine with m1.crt and m1.key. @returns its client port */
export async function startServing(
  t: ExecutionContext,
  setting: Bench,
  program: string,
  args: readonly string[],
  now: Date,
): Promise<number> {
  const server = await setting.write('m1', { names: ['127.0.0.1'], now });
  const [port, peerPort] = [await freePort(), await freePort()];
  const [client, peer] = [`https://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  startMember(t, setting.folder, program, [
    ...[...args, '--name=m1', '--logger=zap', `--initial-cluster=m1=${peer}`],
    ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
    ...[`--cert-file=${server.certificate}`, `--key-file=${server.key}`],
    ...[`--trusted-ca-file=${setting.ca}`, '--client-cert-auth'],
  ]);
  return port;
}
