import { ClusterError } from '../errors.js';
import { grpcStatus as grpc } from '../wire/grpc-status.js';
import { statusOf } from '../wire/status.js';

// Why a watch is not begun or ended, as etcd says it in `cancel_reason`: clients compare these.

/** What Go's gRPC calls the codes. */
const names = new Map<number, string>([
  [grpc.INVALID_ARGUMENT, 'InvalidArgument'],
  [grpc.PERMISSION_DENIED, 'PermissionDenied'],
  [grpc.UNAUTHENTICATED, 'Unauthenticated'],
]);

export const compactedText = statusOf(new ClusterError('compacted', '')).text;

const denied = new ClusterError('permission-denied', '');

/** Of an error that is none of those that say who one is, etcd says that it is denied. */
export function denialOf(error: ClusterError): string {
  const { code, text } = statusOf(error);
  const name = names.get(code);
  return name === undefined ? deniedText : `rpc error: code = ${name} desc = ${text}`;
}

export const deniedText = `rpc error: code = PermissionDenied desc = ${statusOf(denied).text}`;
