import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { ClusterError } from '../errors.js';
import { codeNamed } from '../wire/status.js';

// How one member tells another why it does not let it begin a stream.

/** What to do about members that do not understand one another. */
export const sameVersion = 'run the same version of quorate on all members';

export function refusalHeaders(error: unknown): OutgoingHttpHeaders {
  const message = error instanceof Error ? error.message : String(error);
  return { 'quorate-refusal': codeOf(error), 'quorate-reason': encodeText(message) };
}

/** What the other side's headers say; undefined when they are not those of a refusal. */
export function refusalOf(headers: IncomingHttpHeaders): ClusterError | undefined {
  const { 'quorate-refusal': code, 'quorate-reason': reason } = headers;
  return code === undefined ? undefined : errorNamed(String(code), decodeText(String(reason ?? code)));
}

/** What another member is told of an error: its code, or `remote` for what is none of ours. */
export const codeOf = (error: unknown): string => (error instanceof ClusterError ? error.code : 'remote');

export const errorNamed = (code: string, message: string): ClusterError =>
  new ClusterError(codeNamed(code) ?? 'remote', message);

/** A text as a header carries it, and grpc-message too: printable ASCII but % as it is. Half a surrogate pair has no encoding. */
export const encodeText = (text: string): string =>
  text.replace(/\p{Surrogate}/gu, '\ufffd').replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
