import { ClusterError, type ClusterErrorCode } from '../../errors.js';
import { codeOfText, statusOf } from '../../wire/status.js';
import type { Exchange } from '../context.js';
import type { ApiState } from '../state.js';
import { auditedFields } from './audited-fields.js';
import { changes } from './changing-methods.js';
import type { AuditSink, Authentication } from './record.js';

/** What a call knows of who made it. */
export type AuditedCall = Pick<Exchange, 'path' | 'remote' | 'token' | 'user' | 'certificate' | 'viaGateway'>;

const refusals: ReadonlySet<ClusterErrorCode> = new Set<ClusterErrorCode>([
  ...(['user-empty', 'permission-denied', 'invalid-auth-token', 'auth-failed', 'auth-old-revision'] as const),
  ...(['user-not-found', 'invalid-auth-management', 'root-user-not-exist', 'root-role-not-exist'] as const),
]);

/** Makes records of calls, as far as the level asks for them. */
export class Audit {
  readonly #state: Pick<ApiState, 'auth' | 'kv'>;
  readonly #sink: AuditSink;
  readonly #now: () => Date;

  constructor(state: Pick<ApiState, 'auth' | 'kv'>, sink: AuditSink, now: () => Date = () => new Date()) {
    this.#state = state;
    this.#sink = sink;
    this.#now = now;
  }

  /** A call that came to its end, or to one of its answers; `request` may be missing where none could be read. */
  note(call: AuditedCall, request: object | undefined, error?: unknown): void {
    const refused = isRefusal(error);
    if (!refused && this.#sink.level !== 'all' && !changes(call.path, request)) return;
    const { certificate } = call;
    const user = call.path === authenticatePath ? nameIn(request) : call.user;
    this.#sink.write({
      time: this.#now().toISOString(),
      ...(user === undefined ? {} : { user }),
      authentication: authenticationOf(call),
      ...(certificate === undefined ? {} : { certificate }),
      remote: call.remote,
      ...(call.viaGateway ? { gateway: true } : {}),
      method: call.path,
      ...(request === undefined ? {} : { what: auditedFields(request) }),
      outcome: error === undefined ? 'allowed' : refused ? 'refused' : 'failed',
      ...(error === undefined ? {} : { reason: statusOf(error).text }),
      authRevision: this.#state.auth.revision,
      revision: this.#state.kv.revision,
    });
  }

  /** A request that was turned away before it reached a method: by its Host header, say. */
  turnedAway(call: Pick<AuditedCall, 'path' | 'remote' | 'certificate'>, reason: string): void {
    this.#sink.write({
      time: this.#now().toISOString(),
      authentication: 'none',
      ...(call.certificate === undefined ? {} : { certificate: call.certificate }),
      remote: call.remote,
      gateway: true,
      method: call.path,
      outcome: 'refused',
      reason,
      authRevision: this.#state.auth.revision,
      revision: this.#state.kv.revision,
    });
  }
}

/** Locks and elections give what their inner calls came to by its text alone. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof ClusterError)) return false;
  const code = error.code === 'remote' ? codeOfText(error.message) : error.code;
  return code !== undefined && refusals.has(code);
}

const authenticatePath = '/etcdserverpb.Auth/Authenticate';

/** Whoever signs in says himself who he is. */
const nameIn = (request: object | undefined): string | undefined => (request as { name?: string } | undefined)?.name;

function authenticationOf({ path, token, user, certificate }: AuditedCall): Authentication {
  if (path === authenticatePath) return 'password';
  if (token !== undefined) return 'token';
  return user !== undefined && user === certificate?.commonName ? 'certificate' : 'none';
}
