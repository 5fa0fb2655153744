import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Authority, createAuthority } from '../pki/index.js';

/** PEM, as a TLS client or server takes it. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface TestAuthority {
  readonly ca: string;
  /** For 127.0.0.1 and localhost unless names are given. */
  server(names?: readonly string[]): Promise<TlsFiles>;
  client(commonName: string): Promise<TlsFiles>;
}

/** A folder that is gone after the test. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An authority of this test's own, made by our own pki wing. */
export async function testAuthority(t: ExecutionContext): Promise<TestAuthority> {
  const now = new Date();
  const folder = join(await temporaryFolder(t), 'pki');
  const authority = await createAuthority({ folder, commonName: 'test ca', keyType: 'ecdsa-p256', days: 2, now });
  const ca = authority.certificate.pem;
  return {
    ca,
    server: (names = ['127.0.0.1', 'localhost']) => issued(authority, 'server', 'server', names),
    client: (commonName) => issued(authority, 'client', commonName, []),
  };
}

async function issued(
  authority: Authority,
  profile: 'server' | 'client',
  commonName: string,
  names: readonly string[],
): Promise<TlsFiles> {
  const request = { profile, commonName, names, days: 1, keyType: 'ecdsa-p256', now: new Date() } as const;
  const { chainPem, keyPem } = await authority.issue(request);
  return { ca: authority.certificate.pem, cert: chainPem, key: keyPem };
}
