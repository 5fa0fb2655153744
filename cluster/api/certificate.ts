import { TLSSocket } from 'node:tls';

/** What is taken from a client's certificate, once its chain was verified. */
export interface ClientCertificate {
  /** Undefined for a subject with several CNs: it names nobody. */
  readonly commonName: string | undefined;
  /** As openssl prints it. */
  readonly serial: string;
}

/** Undefined without TLS, without a certificate, and for one whose chain was not verified. */
export function certificateOf(socket: unknown): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject, serialNumber } = socket.getPeerCertificate();
  const name: unknown = subject?.CN;
  return { commonName: typeof name === 'string' ? name : undefined, serial: serialNumber };
}
