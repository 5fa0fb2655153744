import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { TlsFiles } from '../certificates.js';
import { main } from '../wizard/commands/quorate.js';

const run = promisify(execFile);

/** One member of either engine takes the same flags. */
export const engines: readonly (readonly [name: string, program: string, args: readonly string[]])[] = [
  ['etcd', 'etcd', []],
  ['quorate serve', process.execPath, [main, 'serve']],
];

/** Starts a member in `folder`; killed after the test. What it logs goes to `member.log` there. */
export function startMember(t: ExecutionContext, folder: string, program: string, args: readonly string[]): void {
  const member = spawn(program, [...args], { stdio: 'ignore', cwd: folder });
  const ended = once(member, 'exit');
  t.teardown(async () => {
    member.kill('SIGKILL');
    await ended;
  });
}

/** Writes a certificate and its key where a program finds them. */
export async function written(folder: string, name: string, { ca, cert, key }: TlsFiles): Promise<TlsFiles> {
  const files = { ca: join(folder, 'ca.crt'), cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  await Promise.all([writeFile(files.ca, ca), writeFile(files.cert, cert), writeFile(files.key, key, { mode: 0o600 })]);
  return files;
}

/** etcdctl with one certificate, or none: what it prints. Rejects when it fails. */
export async function etcdctl(port: number, files: Partial<TlsFiles>, ...words: readonly string[]): Promise<string> {
  const { ca, cert, key } = files;
  const own = cert === undefined ? [] : [`--cert=${cert}`, `--key=${key}`];
  const args = [`--endpoints=https://127.0.0.1:${port}`, `--cacert=${ca}`, ...own, ...words];
  const { stdout } = await run('etcdctl', args, { env: { ...process.env, ETCDCTL_API: '3' } });
  return stdout;
}

/** For a member that is still starting: etcdctl waits until somebody answers. */
export const patiently = ['--command-timeout=60s', '--dial-timeout=60s'];
/** For somebody who is not let in. */
export const briefly = ['--command-timeout=1s', '--dial-timeout=1s'];
