import { grpcStatus as grpc } from '../wire/grpc-status.js';
import type { Status } from './grpc-format.js';

/** What a path that is no method's is answered with, in the words of etcd's server. @param paths of all methods, `/SERVICE/METHOD` */
export function unknownMethod(path: string, paths: Iterable<string>): Status {
  const [, service, method] = /^\/?(.*)\/([^/]*)$/s.exec(path) ?? [];
  const text = (): string => {
    if (service === undefined || service === '') return `malformed method name: ${JSON.stringify(path)}`;
    for (const known of paths)
      if (known.startsWith(`/${service}/`)) return `unknown method ${method} for service ${service}`;
    return `unknown service ${service}`;
  };
  return { code: grpc.UNIMPLEMENTED, text: text() };
}
