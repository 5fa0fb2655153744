import { TLSSocket } from 'node:tls';
import { certificateOf } from '../certificate.js';
import type { ApiState } from '../state.js';
import { authenticatePath } from './gateway-paths.js';
import { type PageRequest, plainError, type TextAnswer } from './page.js';

/** Who may ask at all, and from which web pages. */
export interface AccessOptions {
  /** --cors: origins, `*` for all. */
  readonly cors: readonly string[];
  /** --host-whitelist: names by which this member may be asked without TLS, `*` for all. */
  readonly hostWhitelist: readonly string[];
  /** --client-cert-auth */
  readonly clientCertAuth: boolean;
}

export const openAccess: AccessOptions = { cors: ['*'], hostWhitelist: ['*'], clientCertAuth: false };

const allows = (list: readonly string[], one: string): boolean =>
  list.length === 0 || list.includes('*') || list.includes(one);

/** The headers that let a web page read the answer, if the page is of an allowed origin. */
export function corsHeaders({ cors }: AccessOptions, { headers }: PageRequest): Readonly<Record<string, string>> {
  const origin = allows(cors, '*') ? '*' : headers.origin;
  if (origin === undefined || !allows(cors, origin)) return {};
  return {
    'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE',
    'access-control-allow-origin': origin,
    'access-control-allow-headers': 'accept, content-type, authorization',
  };
}

/** Why the request is turned away before anybody looks at it; undefined: it is not. */
export function refusal(
  options: AccessOptions,
  state: Pick<ApiState, 'auth'>,
  request: PageRequest,
  path: string,
): TextAnswer | undefined {
  if (!(request.socket instanceof TLSSocket)) {
    const host = hostOf(request);
    return allows(options.hostWhitelist, host) ? undefined : plainError(421, unknownHost(host));
  }
  if (!options.clientCertAuth || !state.auth.enabled || !path.startsWith('/v3/')) return undefined;
  if (path === authenticatePath || bringsToken(request) || !certificateOf(request.socket)?.commonName) return undefined;
  return plainError(400, namesNobody);
}

const hostOf = ({ headers }: PageRequest): string => {
  const authority = headers.host ?? String(headers[':authority' as 'host'] ?? '');
  return authority.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
};

export const bringsToken = ({ headers }: PageRequest): boolean =>
  headers.authorization !== undefined || headers['grpc-metadata-token'] !== undefined;

/** In etcd's words. It says so even to those who bring a token or come for one; for them the name does not matter. */
const namesNobody = 'CommonName of client sending a request against gateway will be ignored and not used as expected';

// What attackers' pages do: their name leads to 127.0.0.1, where their script then asks (CVE-2018-5702).
const unknownHost = (host: string): string => `
etcd received your request, but the Host header was unrecognized.

To fix this, choose one of the following options:
- Enable TLS, then any HTTPS request will be allowed.
- Add the hostname you want to use to the whitelist in settings.
  - e.g. etcd --host-whitelist ${JSON.stringify(host)}

This requirement has been added to help prevent "DNS Rebinding" attacks (CVE-2018-5702).
`;
