import { status as grpc, type ServiceError } from '@grpc/grpc-js';
import { ClusterError, type ClusterErrorCode } from '../errors.js';
import { codeOfText } from '../wire/status.js';
import type { Endpoint } from './endpoint.js';

interface Reason {
  readonly pattern: RegExp;
  readonly reason: string;
  readonly hint?: string;
}

// How grpc-js, Node's tls and OpenSSL word what went wrong before a connection stood, and what it means.
const reasons: readonly Reason[] = [
  { pattern: /ECONNREFUSED/, reason: 'connection refused', hint: 'is a server running and listening there?' },
  { pattern: /ENOTFOUND|EAI_AGAIN|Name resolution failed/, reason: 'the host name does not resolve' },
  { pattern: /EHOSTUNREACH|ENETUNREACH/, reason: 'no route to the host' },
  { pattern: /ETIMEDOUT/, reason: 'the connection timed out', hint: 'a firewall may drop the packets' },
  {
    pattern: /ERR_TLS_CERT_ALTNAME_INVALID/,
    reason: "TLS: the server's certificate is not for this host",
    hint: 'the endpoint has to be one of the names and addresses in the certificate',
  },
  { pattern: /certificate has expired|CERT_HAS_EXPIRED/, reason: "TLS: the server's certificate has expired" },
  {
    pattern: /certificate is not yet valid|CERT_NOT_YET_VALID/,
    reason: "TLS: the server's certificate is not valid yet",
  },
  {
    pattern: /self[- ]signed certificate|unable to (get|verify)|certificate signature failure/,
    reason: "TLS: the server's certificate is not signed by the given CA",
    hint: 'is it the CA of this cluster?',
  },
  {
    pattern: /alert certificate required|SSL alert number 116/,
    reason: 'TLS: the server demands a client certificate',
    hint: 'give cert and key',
  },
  { pattern: /SSL alert number (42|43|44|46|48)/, reason: 'TLS: the server refused the client certificate' },
  { pattern: /SSL alert number 45/, reason: 'TLS: the client certificate has expired' },
  { pattern: /wrong version number/, reason: 'TLS: no TLS is spoken there', hint: 'try http://' },
  {
    pattern: /Protocol error|Failed to connect/,
    reason: 'no HTTP/2 is spoken there',
    hint: 'is it a TLS port? try https://',
  },
];

/** Some servers close the connection of a client whose certificate they refuse without a word (Node's among them). */
const hungUp: Reason = {
  pattern: /disconnected before secure TLS connection|ECONNRESET|Protocol error|Failed to connect/,
  reason: 'TLS: the server hung up during the handshake',
  hint: "it may not trust the client certificate, or find it expired: the server's log says why",
};

const lastError = /Last error: (?:Error: )?(.*?)(?:\. Resolution note|$)/s;

/** grpc-js says so when the request never left. */
const neverLeft = (details: string): boolean => /^(No connection established|Name resolution failed)/.test(details);
const neverConnected = (details: string): boolean => /waiting for/i.test(details);

function connectionFailed(endpoint: Endpoint, details: string, sent: boolean, cause: unknown): ClusterError {
  const candidates = endpoint.secure ? [hungUp, ...reasons] : reasons;
  const known = candidates.find(({ pattern }) => pattern.test(details));
  const reason = known?.reason ?? (lastError.exec(details)?.[1] ?? details).trim();
  return new ClusterError(
    'connection-failed',
    `${endpoint.text}: ${reason}`,
    { endpoint: endpoint.text, reason, sent, details },
    known?.hint === undefined ? { cause } : { hint: known.hint, cause },
  );
}

/** @param when `within 5000 ms` */
export const noAnswer = ({ text }: Endpoint, when: string, cause: unknown): ClusterError =>
  new ClusterError(
    'timeout',
    `${text}: no answer ${when}`,
    { endpoint: text },
    { hint: 'see whether a majority of its members runs', cause },
  );

const plainCodes: ReadonlyMap<number, ClusterErrorCode> = new Map([
  [grpc.INVALID_ARGUMENT, 'invalid-argument'],
  [grpc.CANCELLED, 'cancelled'],
  [grpc.UNIMPLEMENTED, 'unimplemented'],
]);

/** Much too large: gRPC refuses it before etcd can. */
const tooLarge = /received message larger than max/i;

/**
 * The error of a call in our words. `details.sent` of a connection-failed is false when the request can't have
 * reached the server, so that asking another one is safe.
 */
export function failureOf(error: ServiceError, endpoint: Endpoint, timeoutMs: number): ClusterError {
  const { code, details } = error;
  const known = codeOfText(details);
  const where = { endpoint: endpoint.text, grpcCode: code };
  if (tooLarge.test(details)) return new ClusterError('request-too-large', details, where, { cause: error });
  if (known !== undefined) return new ClusterError(known, details, where, { cause: error });
  switch (code) {
    case grpc.UNAVAILABLE:
      return connectionFailed(endpoint, details, !neverLeft(details), error);
    case grpc.DEADLINE_EXCEEDED:
      if (!neverConnected(details)) return noAnswer(endpoint, `within ${timeoutMs} ms`, error);
      return connectionFailed(endpoint, `no connection within ${timeoutMs} ms`, false, error);
  }
  const plain = plainCodes.get(code) ?? 'remote';
  return new ClusterError(plain, `${endpoint.text}: ${details}`, { ...where, details }, { cause: error });
}
