import { ClusterError } from '../errors.js';
import { statusOf } from '../wire/status.js';
import type { Handler } from './context.js';

// Locks and elections are recipes of etcd's client library, which the server runs for those who have none. What goes wrong
// with that inner client comes out with its text and code Unknown.

/** As one of the recipes says it. */
export const unknown = (text: string): ClusterError => new ClusterError('remote', text);

export const toUnknown = (error: unknown): unknown =>
  error instanceof ClusterError && error.code !== 'remote' ? unknown(statusOf(error).text) : error;

export const throughClient =
  <Request, Response>(handler: Handler<Request, Response>): Handler<Request, Response> =>
  async (request, context) => {
    try {
      return await handler(request, context);
    } catch (error) {
      throw toUnknown(error);
    }
  };
