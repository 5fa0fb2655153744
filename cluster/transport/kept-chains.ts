import type { TLSSocket, Server as TlsServer } from 'node:tls';
import { type CertificateId, chainOf } from './certificate-id.js';

// Some versions of Node look at a client's certificate in a way that takes those behind it from OpenSSL, before they tell anybody of the
// connection (nodejs/node#65579): a revoked authority between would go unnoticed. There the chain is read in the handshake.

/** Versions that are known to; of others it is noticed. */
const losesChains = /^v(24\.21|26\.8)\./.test(process.version);

const keeping = new WeakSet<TlsServer>();
const kept = new WeakMap<TLSSocket, readonly CertificateId[]>();

/** Keeps the chains of connections that begin from now on. A socket is first seen with the keys of its handshake, which are left alone. */
export function keepChains(server: TlsServer): void {
  if (keeping.has(server)) return;
  keeping.add(server);
  server.on('keylog', (_, socket) => {
    if (kept.has(socket)) return;
    kept.set(socket, []);
    // Before Node's own listener.
    socket.prependOnceListener('secure', () => kept.set(socket, chainOf(socket)));
  });
}

export function keepChainsWhereLost(server: TlsServer): void {
  if (losesChains) keepChains(server);
}

/** As `chainOf`, or as it was in the handshake. */
export function keptChainOf(socket: TLSSocket): readonly CertificateId[] {
  const chain = kept.get(socket) ?? [];
  return chain.length > 0 ? chain : chainOf(socket);
}
