import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { type Authority, createAuthority, type Issued, type IssueRequest, type KeyType } from '#pki';

export const now = new Date('2030-06-15T12:00:00Z');
export const later = (days: number, from: Date = now): Date => new Date(from.getTime() + days * 86_400_000);

const run = promisify(execFile);

/** A program's stdout and stderr together; its refusal is an answer too. */
export async function ask(program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(program, args);
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = String(error) } = error as { stdout?: string; stderr?: string };
    return stdout + stderr;
  }
}

export async function freshFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-pki-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Bench {
  readonly folder: string;
  readonly authority: Authority;
  readonly ca: string;
  path(name: string): string;
  issue(request?: Partial<IssueRequest>): Promise<Issued>;
  /** Issues and writes NAME.crt and NAME.key. */
  write(name: string, request?: Partial<IssueRequest>): Promise<{ certificate: string; key: string; issued: Issued }>;
}

export const memberNames = ['localhost', '127.0.0.1', '::1', 'm1.example', '10.0.0.1'];

/** An authority in a folder of its own, and what it issues beside it. `at` is when it was made and is used. */
export async function bench(t: ExecutionContext, keyType: KeyType = 'ecdsa-p256', at: Date = now): Promise<Bench> {
  const folder = await freshFolder(t);
  const path = (name: string): string => join(folder, name);
  const authority = await createAuthority({ folder: path('pki'), commonName: 'Test CA', keyType, days: 3650, now: at });
  const issue = (request: Partial<IssueRequest> = {}): Promise<Issued> =>
    authority.issue({
      profile: 'server',
      commonName: 'm1',
      names: memberNames,
      days: 365,
      keyType,
      now: at,
      ...request,
    });
  return {
    folder,
    authority,
    ca: path('pki/ca.crt'),
    path,
    issue,
    async write(name, request) {
      const issued = await issue(request);
      const [certificate, key] = [path(`${name}.crt`), path(`${name}.key`)];
      await writeFile(certificate, issued.chainPem);
      await writeFile(key, issued.keyPem, { mode: 0o600 });
      return { certificate, key, issued };
    },
  };
}
