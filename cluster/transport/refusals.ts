import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { ClusterError, type ClusterErrorCode } from '../errors.js';
import { grpcStatus as status } from '../wire/grpc-status.js';

// How one member tells another that it went wrong: a gRPC status, which carries the code back and forth.

const statuses = new Map<ClusterErrorCode, number>([
  ['wrong-cluster', status.FAILED_PRECONDITION],
  ['certificate-refused', status.PERMISSION_DENIED],
  ['member-not-found', status.NOT_FOUND],
  ['member-removed', status.ABORTED],
  ['snapshot-damaged', status.DATA_LOSS],
  ['disk-full', status.RESOURCE_EXHAUSTED],
  ['invalid-argument', status.INVALID_ARGUMENT],
  ['request-too-large', status.OUT_OF_RANGE],
  ['stopped', status.UNAVAILABLE],
]);
const codes = new Map([...statuses].map(([code, number]) => [String(number), code]));

export const okTrailers: OutgoingHttpHeaders = { 'grpc-status': '0' };

export function refusalTrailers(error: unknown): OutgoingHttpHeaders {
  const known = error instanceof ClusterError ? statuses.get(error.code) : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return { 'grpc-status': String(known ?? status.INTERNAL), 'grpc-message': encodeText(message) };
}

/** A text as grpc-message carries it: printable ASCII but % as it is. Half a surrogate pair has no encoding. */
export const encodeText = (text: string): string =>
  text.replace(/\p{Surrogate}/gu, '\ufffd').replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);

/** What the other side's trailers say; undefined when they say that all is well. */
export function refusalOf(trailers: IncomingHttpHeaders): ClusterError | undefined {
  const number = trailers['grpc-status'];
  if (number === '0') return undefined;
  const message = decodeText(String(trailers['grpc-message'] ?? `gRPC status ${number}`));
  return new ClusterError(codes.get(String(number)) ?? 'remote', message, { status: Number(number) });
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
