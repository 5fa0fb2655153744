import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { parseAddress } from '../../../cluster/transport/address.js';
import type { CertificateRules } from '../../../cluster/transport/certificate-rules.js';
import { Listener } from '../../../cluster/transport/listener.js';
import type { TlsFiles } from '../../../cluster/transport/tls-files.js';
import { TlsMaterial } from '../../../cluster/transport/tls-material.js';
import { contentsOf, folderOf, issue, issueAuthority, makeAuthority, type Subject } from './certificates.js';
import { eventually, recordingLogger } from './eventually.js';
import { type ListOptions, Revocations } from './revocations.js';

/** A port that asks for certificates, and an authority with a list of revoked ones. */
async function open(t: ExecutionContext, rules: CertificateRules = {}, list: ListOptions = {}) {
  const folder = folderOf(t);
  const authority = makeAuthority(folder);
  const revocations = new Revocations(folder, authority);
  const crl = join(folder, 'ca.crl');
  revocations.write(crl, list);
  const logger = recordingLogger();
  const material = new TlsMaterial({ ...issue(folder, authority, { name: 'server' }), crl }, { logger });
  const http2 = createHttp2Server((_, response) => response.end('2'));
  const listener = await Listener.open({
    address: parseAddress('https://127.0.0.1:0'),
    tls: { material, requireClientCertificate: true, rules },
    serveHttp2: (socket) => void http2.emit('connection', socket),
    serveHttp1: (_, response) => response.end('1'),
    logger,
    limits: { graceMs: 100 },
  });
  t.teardown(async () => {
    await listener.close();
    material.close();
  });
  const url = `https://127.0.0.1:${listener.address.port}`;
  const client = (subject: Subject): TlsFiles => issue(folder, authority, subject);
  return { folder, authority, revocations, crl, logger, material, url, port: listener.address.port, client };
}

function connect(url: string, files: TlsFiles): ClientHttp2Session {
  return connectHttp2(url, contentsOf(files)).on('error', () => {});
}

async function ask(session: ClientHttp2Session): Promise<string> {
  const stream = session.request({ ':path': '/' });
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** What a new connection is answered: `2`, or nothing when it is closed instead. */
async function answerTo(url: string, files: TlsFiles): Promise<string> {
  const session = connect(url, files);
  try {
    return await ask(session);
  } catch {
    return '';
  } finally {
    session.destroy();
  }
}

async function overHttp1(url: string, files: TlsFiles): Promise<string> {
  const request = httpsRequest(url, { ...contentsOf(files), agent: false }).end();
  try {
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text;
  } catch {
    return '';
  }
}

test('a revoked certificate gets nowhere, over HTTP/2 and HTTP/1.1, and the log says which it was', async (t) => {
  const { revocations, crl, url, client, logger } = await open(t);
  const [ann, bob] = [client({ name: 'ann' }), client({ name: 'bob' })];
  revocations.revoke(bob.cert);
  revocations.write(crl);
  t.is(await answerTo(url, bob), '');
  t.is(await overHttp1(url, bob), '');
  t.is(await answerTo(url, ann), '2');
  t.is(await overHttp1(url, ann), '1');
  const rejected = logger.lines.filter(({ message }) => message === 'rejected connection on client endpoint');
  t.is(rejected.length, 1, 'the same is not said again and again');
  t.like(rejected[0]?.fields, { reason: 'its certificate was revoked', subject: 'CN=bob' });
  t.is(rejected[0]?.fields.hint, `it needs a new certificate; the list is ${crl}`);
});

test('the open connections of a revoked certificate are closed soon, those of others live on', async (t) => {
  const { revocations, crl, url, client, logger } = await open(t);
  const [ann, bob] = [client({ name: 'ann' }), client({ name: 'bob' })];
  const [staying, leaving] = [connect(url, ann), connect(url, bob)];
  const idle = connectTls(Number(new URL(url).port), '127.0.0.1', contentsOf(bob)).on('error', () => {});
  await once(idle.resume(), 'secureConnect');
  t.deepEqual([await ask(staying), await ask(leaving)], ['2', '2']);

  revocations.revoke(bob.cert);
  revocations.write(crl, { form: 'DER' });
  const begun = performance.now();
  const closed = [leaving, idle].map((each) => new Promise((resolve) => each.once('close', resolve)));
  await Promise.all(closed);
  // A third of a second on an idle machine.
  t.true(performance.now() - begun < 3000, 'counted from the change of the file');

  t.is(await ask(staying), '2');
  staying.destroy();
  t.is(logger.warnings().filter((line) => line === 'closed a connection: its certificate was revoked').length, 2);
});

test('an open connection is closed when the authority between is revoked', async (t) => {
  const { folder, authority, revocations, crl, url } = await open(t);
  const between = { cert: join(folder, 'between.crt'), key: join(folder, 'between.key') };
  issueAuthority(folder, authority, between);
  const leaf = issue(folder, between, { name: 'leaf' });
  const chain = contentsOf(leaf).cert + contentsOf({ ...leaf, cert: between.cert }).cert;
  const session = connectHttp2(url, {
    ...contentsOf(leaf),
    cert: chain,
    ca: contentsOf({ ...leaf, ca: authority.cert }).ca,
  });
  session.on('error', () => {});
  t.is(await ask(session), '2');
  revocations.revoke(between.cert);
  revocations.write(crl);
  await eventually('the end', () => session.destroyed);
});

test('connections stay when their authority is issued again with the same key, and when others come and go', async (t) => {
  const { folder, authority, url, client, material } = await open(t);
  const session = connect(url, client({ name: 'ann' }));
  t.is(await ask(session), '2');
  let changes = 0;
  material.onChange(() => changes++);
  const old = readFileSync(authority.cert);
  const other = readFileSync(makeAuthority(folder, 'other').cert);
  writeFileSync(authority.cert, Buffer.concat([old, other]));
  await eventually('the bundle', () => changes === 1);
  const again = [
    'req',
    '-x509',
    '-key',
    authority.key,
    '-subj',
    '/CN=ca',
    '-days',
    '9',
    '-out',
    `${authority.cert}.new`,
  ];
  execFileSync('openssl', [...again, '-addext', 'basicConstraints=critical,CA:TRUE'], { stdio: 'pipe' });
  renameSync(`${authority.cert}.new`, authority.cert);
  await eventually('the authority issued again', () => changes === 2);
  t.is(await ask(session), '2');
  session.destroy();
});

test('a list that is past its date still counts, refuses nobody else, and is warned of', async (t) => {
  const past = { lastUpdate: '20200101000000Z', nextUpdate: '20200102000000Z' };
  const { revocations, crl, url, client, logger } = await open(t, {}, past);
  const [ann, bob] = [client({ name: 'ann' }), client({ name: 'bob' })];
  t.is(await answerTo(url, ann), '2');
  revocations.revoke(bob.cert);
  revocations.write(crl, past);
  t.deepEqual([await answerTo(url, ann), await answerTo(url, bob)], ['2', '']);
  t.regex(logger.warnings()[0] ?? '', /ca\.crl: was to be replaced by 2020-01-02T00:00:00\.000Z; it still counts/);
});

test('a list that can not be used does not replace one that can, and is said once', async (t) => {
  const { folder, revocations, crl, url, client, logger } = await open(t);
  const [ann, bob] = [client({ name: 'ann' }), client({ name: 'bob' })];
  revocations.revoke(bob.cert);
  revocations.write(crl);
  t.is(await answerTo(url, bob), '');
  new Revocations(folder, makeAuthority(folder, 'stranger')).write(crl);
  t.deepEqual([await answerTo(url, ann), await answerTo(url, bob)], ['2', '']);
  await eventually('the warning', () => logger.warnings().some((line) => /can not be used/.test(line)));
  t.deepEqual([await answerTo(url, ann), await answerTo(url, bob)], ['2', '']);
  t.is(logger.warnings().filter((line) => /signed by an authority that is not trusted here/.test(line)).length, 1);
});

test('no TLS session is taken up again, so that none passes by the checks', async (t) => {
  const { url, port, client } = await open(t);
  const ann = client({ name: 'ann' });
  t.is(await answerTo(url, ann), '2');
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const connectOnce = async (session?: Buffer): Promise<{ reused: boolean; session: Buffer | undefined }> => {
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        ...contentsOf(ann),
        maxVersion,
        ...(session ? { session } : {}),
      });
      let given: Buffer | undefined;
      socket.on('session', (ticket: Buffer) => {
        given = ticket;
      });
      await once(socket, 'secureConnect');
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      await once(socket, 'data');
      const reused = socket.isSessionReused();
      socket.destroy();
      return { reused, session: given };
    };
    const first = await connectOnce();
    t.false((await connectOnce(first.session)).reused, maxVersion);
  }
});

type Verdicts = readonly (readonly [Subject, boolean])[];

const admitted = test.macro(async (t, rules: CertificateRules, subjects: Verdicts) => {
  const { url, client } = await open(t, rules);
  for (const [subject, isIn] of subjects) {
    t.is(await answerTo(url, client(subject)), isIn ? '2' : '', JSON.stringify(subject));
  }
});

test(
  'only certificates with one of the allowed CNs are let in',
  admitted,
  { allowed: { kind: 'common-names', names: ['m1', 'm2'] } },
  [
    [{ name: 'm1' }, true],
    [{ name: 'm2' }, true],
    [{ name: 'm3' }, false],
    [{ name: 'M1', file: 'capital' }, false],
    [{ name: 'm3', names: 'DNS:m1', file: 'san' }, false],
  ],
);

test(
  'only certificates with one of the allowed names as SAN are let in',
  admitted,
  { allowed: { kind: 'hostnames', names: ['a.example.com', '10.0.0.7'] } },
  [
    [{ name: 'x1', names: 'DNS:a.example.com' }, true],
    [{ name: 'x2', names: 'DNS:*.example.com' }, true],
    [{ name: 'x3', names: 'IP:10.0.0.7' }, true],
    [{ name: 'x4', names: 'DNS:b.example.com' }, false],
    [{ name: 'a.example.com', names: 'DNS:elsewhere', file: 'x5' }, false],
    [{ name: 'x6', names: 'DNS:*.com' }, false],
    [{ name: 'x7', names: 'IP:10.0.0.8,DNS:10.0.0.7' }, false],
  ],
);

test('members must connect from where their certificate says', admitted, { fromItsAddress: true }, [
  [{ name: 'y1', names: 'IP:127.0.0.1' }, true],
  [{ name: 'y2', names: 'IP:10.9.8.7' }, false],
  [{ name: 'y3', names: 'DNS:localhost' }, true],
  [{ name: 'y4', names: 'IP:10.9.8.7,DNS:localhost' }, true],
  [{ name: 'y5', names: 'DNS:nowhere.invalid' }, false],
  [{ name: 'y6', names: 'email:y6@example.com' }, true],
]);
