import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { type ConnectionOptions, connect, createServer } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { type CipherSuite, cipherSuite, cipherSuiteNames } from '../../../cluster/transport/cipher-suites.js';
import type { TlsFiles } from '../../../cluster/transport/tls-files.js';
import { TlsMaterial } from '../../../cluster/transport/tls-material.js';
import { cipherMismatch, type TlsProtocol } from '../../../cluster/transport/tls-protocol.js';
import { contentsOf, folderOf, issue, makeAuthority } from './certificates.js';
import { recordingLogger } from './eventually.js';

const suites = (...names: readonly string[]): readonly CipherSuite[] =>
  names.map((name) => cipherSuite(name) ?? fail(name));
const fail = (name: string): never => {
  throw new Error(`there is no suite ${name}`);
};

const certified = (t: ExecutionContext): TlsFiles => {
  const folder = folderOf(t);
  return issue(folder, makeAuthority(folder), { name: 'm1' });
};

/** What a client and a server of this protocol agree upon, or why they do not. */
async function agreed(
  t: ExecutionContext,
  files: TlsFiles,
  protocol: TlsProtocol,
  client: ConnectionOptions,
): Promise<string> {
  const material = new TlsMaterial(files, { logger: recordingLogger(), protocol });
  const server = createServer(material.options, (socket) => socket.on('error', () => {}).end());
  t.teardown(() => {
    material.close();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const socket = connect({ port, host: '127.0.0.1', ca: contentsOf(files).ca, ...client });
  try {
    await once(socket, 'secureConnect');
    return `${socket.getProtocol()} ${socket.getCipher().standardName}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'failed';
  } finally {
    socket.destroy();
  }
}

test("every cipher suite has a name that OpenSSL knows, and gives what Go's name says", async (t) => {
  const files = certified(t);
  for (const name of cipherSuiteNames) {
    const suite = cipherSuite(name) ?? fail(name);
    if (suite.kind !== 'ecdsa') continue;
    const protocol = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', cipherSuites: [suite] } as const;
    const expected = name.endsWith('POLY1305') ? `${name}_SHA256` : name;
    t.is(await agreed(t, files, protocol, { ciphers: 'ALL:@SECLEVEL=0' }), `TLSv1.2 ${expected}`);
  }
});

test('versions of TLS outside of the bounds are refused', async (t) => {
  const files = certified(t);
  const only13 = { minVersion: 'TLSv1.3', cipherSuites: [] } as const;
  const only12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', cipherSuites: [] } as const;
  t.regex(await agreed(t, files, only13, {}), /^TLSv1\.3 /);
  t.is(await agreed(t, files, only13, { maxVersion: 'TLSv1.2' }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  t.regex(await agreed(t, files, only12, {}), /^TLSv1\.2 /);
  t.is(await agreed(t, files, only12, { minVersion: 'TLSv1.3' }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
});

test('suites are preferred in their order, and TLS 1.3 goes on beside suites of TLS 1.2', async (t) => {
  const files = certified(t);
  const order = ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'];
  for (const names of [order, order.toReversed()]) {
    const protocol = { minVersion: 'TLSv1.2', cipherSuites: suites(...names) } as const;
    t.is(await agreed(t, files, protocol, { maxVersion: 'TLSv1.2' }), `TLSv1.2 ${names[0]}`);
    t.regex(await agreed(t, files, protocol, {}), /^TLSv1\.3 /);
  }
});

const rsa = createPublicKey(execFileSync('openssl', ['genrsa', '2048'], { stdio: ['ignore', 'pipe', 'ignore'] }));
const ec = createPublicKey(
  execFileSync('openssl', ['genpkey', '-algorithm', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']),
);

test('suites for the other kind of key are of no use: with TLS 1.2 only nobody could connect', (t) => {
  const forRsa = suites('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256');
  const forEc = suites('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
  const for13 = suites('TLS_AES_128_GCM_SHA256');
  const [open, only12] = [{ minVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }] as const;
  t.like(cipherMismatch({ ...only12, cipherSuites: forRsa }, ec), { never: true });
  t.like(cipherMismatch({ ...only12, cipherSuites: forEc }, rsa), { never: true });
  t.like(cipherMismatch({ ...only12, cipherSuites: for13 }, ec), { never: true });
  t.like(cipherMismatch({ ...open, cipherSuites: forRsa }, ec), { never: false });
  t.is(cipherMismatch({ ...open, cipherSuites: [...forRsa, ...forEc] }, ec), undefined);
  t.is(cipherMismatch({ ...only12, cipherSuites: forRsa }, rsa), undefined);
  t.is(cipherMismatch({ ...only12, cipherSuites: [] }, ec), undefined);
});

test('a member with suites of RSA only and an elliptic-curve key does not start, or is warned', (t) => {
  const files = certified(t);
  const logger = recordingLogger();
  const cipherSuites = suites('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256');
  new TlsMaterial(files, { logger, protocol: { minVersion: 'TLSv1.2', cipherSuites } }).close();
  const what = 'none of the --cipher-suites works with its elliptic-curve key';
  t.deepEqual(logger.warnings(), [`${files.cert}: ${what}: only TLS 1.3 is spoken`]);
  const protocol = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', cipherSuites } as const;
  t.throws(() => new TlsMaterial(files, { logger, protocol }), {
    instanceOf: ClusterError,
    message: `${files.cert}: ${what}`,
  });
});

test('a list that is missing or not of this authority is refused at the start', (t) => {
  const files = certified(t);
  const crl = join(folderOf(t), 'none.crl');
  t.throws(() => new TlsMaterial({ ...files, crl }, { logger: recordingLogger() }), {
    message: `${crl}: there is no such file`,
  });
  t.throws(() => new TlsMaterial({ ...files, crl: files.cert }, { logger: recordingLogger() }), {
    message: `${files.cert}: holds no revocation list that can be used: it holds something else than whole revocation lists`,
  });
});
