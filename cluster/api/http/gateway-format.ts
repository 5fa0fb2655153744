import { grpcStatus as grpc } from '../../wire/grpc-status.js';
import type { Status } from '../grpc-format.js';

// How grpc-gateway says in HTTP how a call came out: the statuses of its version 2, which etcd has had since 3.5.

const httpStatuses: Readonly<Record<number, number>> = {
  [grpc.OK]: 200,
  [grpc.CANCELLED]: 499,
  [grpc.INVALID_ARGUMENT]: 400,
  [grpc.DEADLINE_EXCEEDED]: 504,
  [grpc.NOT_FOUND]: 404,
  [grpc.PERMISSION_DENIED]: 403,
  [grpc.UNAUTHENTICATED]: 401,
  [grpc.RESOURCE_EXHAUSTED]: 429,
  [grpc.FAILED_PRECONDITION]: 400,
  [grpc.OUT_OF_RANGE]: 400,
  [grpc.UNIMPLEMENTED]: 501,
  [grpc.UNAVAILABLE]: 503,
};

export const httpStatusOf = (code: number): number => httpStatuses[code] ?? 500;

/** `error` is for those who know version 1, of etcd up to 3.4; later versions have only the other two. */
export const errorBody = ({ code, text }: Status): string => JSON.stringify({ error: text, message: text, code });

/** In a stream of answers; likewise with the fields of both versions. */
export const errorLine = ({ code, text }: Status): string =>
  `${JSON.stringify({ error: { grpc_code: code, http_code: httpStatusOf(code), message: text, code } })}\n`;
