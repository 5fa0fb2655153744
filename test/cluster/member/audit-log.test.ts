import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { AuditRecord } from '../../../cluster/api/audit/record.js';
import { ClusterError } from '../../../cluster/errors.js';
import { type LogFields, silentLogger } from '../../../cluster/logger.js';
import { AuditLog } from '../../../cluster/member/audit-log.js';
import { temporaryFolder } from '../../certificates.js';

const rotation = { bytesMax: 0, filesMax: 0, daysMax: 0, localTime: false, compress: false };
const record: AuditRecord = {
  ...{ time: '2026-11-26T07:00:00.000Z', user: 'ada', authentication: 'token', remote: '127.0.0.1:5' },
  ...{ method: '/etcdserverpb.KV/Put', outcome: 'allowed', authRevision: 1, revision: 2 },
};

test('records are lines of JSON in the order in which they came, in a file for the owner only', async (t) => {
  const path = join(await temporaryFolder(t), 'audit.log');
  const log = new AuditLog({ path, level: 'changes', rotation, logger: silentLogger });
  for (let n = 0; n < 100; n++) log.write({ ...record, revision: n });
  await log.close();
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => (JSON.parse(line) as AuditRecord).revision),
    Array.from({ length: 100 }, (_, n) => n),
  );
  t.is(log.written, 100);
  t.is((await stat(path)).mode & 0o777, 0o600);
});

test('what can not be written waits, and beyond the bound is dropped, counted and said loudly', async (t) => {
  const said: [string, LogFields | undefined][] = [];
  const logger = { ...silentLogger, error: (message: string, fields?: LogFields) => said.push([message, fields]) };
  // Takes nothing, as a disk that is full.
  const log = new AuditLog({ path: '/dev/full', level: 'changes', rotation, logger, waitingMax: 10 });
  for (let n = 0; n < 25; n++) log.write(record);
  t.is(log.dropped, 15);
  await log.close();
  t.is(log.dropped, 25);
  t.is(log.written, 0);
  t.deepEqual([...new Set(said.map(([message]) => message.split(':')[0]))].sort(), [
    'AUDIT RECORDS ARE LOST',
    'THE AUDIT LOG CAN NOT BE WRITTEN',
  ]);
  t.regex(JSON.stringify(said), /ENOSPC/);
});

test('a file that can not be opened is refused by its flag', async (t) => {
  const path = join(await temporaryFolder(t), 'no', 'such', 'folder');
  const error = t.throws(() => new AuditLog({ path, level: 'all', rotation, logger: silentLogger }));
  t.true(error instanceof ClusterError && error.code === 'flag-refused' && error.message.startsWith('--audit-log: '));
});

const writer = `
  const { AuditLog } = await import(process.argv[1]);
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const log = new AuditLog({ path: process.argv[2], level: 'all', rotation: ${JSON.stringify(rotation)}, logger });
  const record = { ...${JSON.stringify(record)}, what: { key: 'k'.repeat(3000) } };
  setInterval(() => { for (let n = 0; n < 500; n++) log.write(record); }, 5);
`;

test('a member that is killed while it writes leaves whole lines to the next one', async (t) => {
  const path = join(await temporaryFolder(t), 'audit.log');
  const module = new URL('../../../cluster/member/audit-log.js', import.meta.url).href;
  for (const _ of [1, 2]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer, module, path], { stdio: 'inherit' });
    const before = existsSync(path) ? (await stat(path)).size : 0;
    while (!existsSync(path) || (await stat(path)).size < before + 500_000) {
      if (child.exitCode !== null) throw new Error('the writer ended by itself');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const log = new AuditLog({ path, level: 'all', rotation, logger: silentLogger });
  log.write(record);
  await log.close();
  const text = await readFile(path, 'utf8');
  t.true(text.endsWith('\n'));
  for (const line of text.trimEnd().split('\n')) JSON.parse(line);
});
