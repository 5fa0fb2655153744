import { ClusterError } from '../../errors.js';
import type { Exchange } from '../context.js';
import type { Audit } from './audit.js';

/** An answer of Watch that turns a watcher away: as long as the stream goes on, that is how it is said. */
interface TurnedAway {
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly cancelReason?: string;
}

/** What a stream of requests leaves for the audit log: each request as it came, and those that were turned away. */
export class AuditedStream {
  readonly #audit: Audit;
  readonly #call: Exchange;
  #latest: object | undefined;

  constructor(audit: Audit, call: Exchange) {
    this.#audit = audit;
    this.#call = call;
  }

  asked(request: object): void {
    this.#latest = request;
    this.#audit.note(this.#call, request);
  }

  /** Requests are answered in order, so the latest is the one; a client that does not wait may have sent another since. */
  answered(response: unknown): void {
    const { created, canceled, cancelReason = '' } = response as TurnedAway;
    if (!created || !canceled || !/permission denied|user name|auth/i.test(cancelReason)) return;
    this.#audit.note(this.#call, this.#latest, new ClusterError('permission-denied', cancelReason));
  }

  failed(error: unknown): void {
    this.#audit.note(this.#call, this.#latest, error);
  }
}
