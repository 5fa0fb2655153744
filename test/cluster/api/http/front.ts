import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { AuditSink } from '../../../../cluster/api/audit/record.js';
import { GrpcFront, type GrpcFrontOptions } from '../../../../cluster/api/grpc.js';
import type { HeldLimits } from '../../../../cluster/api/held-answers.js';
import { type AccessOptions, openAccess } from '../../../../cluster/api/http/access.js';
import { silentLogger } from '../../../../cluster/logger.js';
import { parseAddress } from '../../../../cluster/transport/address.js';
import { Listener } from '../../../../cluster/transport/listener.js';
import { TlsMaterial } from '../../../../cluster/transport/tls-material.js';
import { type TestAuthority, temporaryFolder } from '../../../certificates.js';
import { startMember, type TestMember } from '../member.js';

export interface TestFront extends TestMember {
  readonly url: string;
}

export interface FrontOptions {
  readonly access?: Partial<AccessOptions>;
  readonly gatewayEnabled?: boolean;
  readonly requestBytesMax?: number;
  readonly streamsMax?: number;
  readonly receivedBytesMax?: number;
  readonly bodyMs?: number;
  readonly keepalive?: NonNullable<GrpcFrontOptions['keepalive']>;
  readonly heldLimits?: Partial<HeldLimits>;
  /** Mutual TLS; in the clear without. */
  readonly authority?: TestAuthority;
  readonly audit?: AuditSink;
  /** --metrics=extensive */
  readonly extensive?: boolean;
}

async function tlsOf(t: ExecutionContext, authority: TestAuthority | undefined) {
  if (authority === undefined) return {};
  const folder = await temporaryFolder(t);
  const files = { ca: join(folder, 'ca.crt'), cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
  const { ca, cert, key } = await authority.server();
  await Promise.all([writeFile(files.ca, ca), writeFile(files.cert, cert), writeFile(files.key, key)]);
  const material = new TlsMaterial(files, { logger: silentLogger });
  t.teardown(() => material.close());
  return { tls: { material, requireClientCertificate: true } };
}

/** A member's client port as it is outside of tests: gRPC and HTTP/1.1 behind one listener. */
export async function startFront(t: ExecutionContext, options: FrontOptions = {}): Promise<TestFront> {
  const member = await startMember(t, options.authority);
  member.state.audit = options.audit;
  Object.defineProperty(member.state.measures, 'extensive', { value: options.extensive ?? false });
  // The member's own front has counted itself among them.
  member.state.measures.methods.clear();
  const front = new GrpcFront({
    ...{ state: member.state, logger: silentLogger, requestBytesMax: 1024 ** 2, ...options },
    access: { ...openAccess, clientCertAuth: options.authority !== undefined, ...options.access },
  });
  const listener = await Listener.open({
    address: parseAddress(`${options.authority ? 'https' : 'http'}://127.0.0.1:0`),
    ...(await tlsOf(t, options.authority)),
    serveHttp2: (socket) => front.serve(socket),
    settings: front.settings,
    serveHttp1: front.serveHttp1,
    logger: silentLogger,
    limits: { requestMs: 0, graceMs: 0 },
  });
  t.teardown(async () => {
    await front.close(0);
    await listener.close();
  });
  return { ...member, front, url: listener.address.text };
}

export interface JsonAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

/** POSTs and reads JSON; a text that is none stays a text. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<JsonAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { connection: 'close', ...headers },
  });
  const text = await response.text();
  let json: unknown = text;
  try {
    json = JSON.parse(text);
  } catch {
    // as it is
  }
  return { status: response.status, type: response.headers.get('content-type'), body: json };
}
