import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { outstandingSteps } from '../../../wizard/apply/apply.js';
import { judge } from '../../judges.js';
import { samplePlan } from '../plans.js';
import { filesBelow, keysBelow, serialsIn, temporaryFolder } from './folder.js';

const script = fileURLToPath(new URL('apply-once.js', import.meta.url));

interface Run {
  /** null: killed. */
  readonly code: number | null;
  readonly said: string;
}

/** Runs apply and kills it with SIGKILL at its n-th line. */
async function runUntil(dir: string, lines: number): Promise<Run> {
  const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let seen = 0;
  for await (const _line of createInterface(child.stdout)) {
    seen += 1;
    if (seen === lines) child.kill('SIGKILL');
  }
  const [code] = await closed;
  return { code, said };
}

judge('openssl').test(
  'apply killed again and again goes on each time, ends with a whole DIR, and replaces no key',
  async (t) => {
    t.timeout(120_000);
    const dir = join(temporaryFolder(t), 'quorate');
    let keys = new Map<string, string>();
    let run: Run = { code: null, said: '' };
    let kills = 0;
    let said = '';
    while (run.code === null && kills < 100) {
      // Another number of lines each time: kills fall before, in and after steps of every kind.
      run = await runUntil(dir, 2 + ((kills * 5) % 23));
      const now = keysBelow(dir);
      for (const [path, key] of keys) t.is(now.get(path), key, path);
      keys = now;
      if (run.code === null) kills += 1;
      said += run.said;
    }
    t.is(run.code, 0, run.said);
    t.true(kills >= 5, `${kills} kills`);
    t.regex(said, /the run of process \d+ was interrupted: finishing what it left, \d+ steps?/);
    t.deepEqual(await outstandingSteps(samplePlan('included', 'local', 3), dir, new Date()), []);
    const files = filesBelow(dir);
    t.deepEqual(
      files.filter((path) => /\.tmp$|\.lock/.test(path)),
      [],
    );

    const serials = new Set(await serialsIn(dir));
    for (const path of files.filter((file) => file.endsWith('.crt') && !file.endsWith('ca.crt'))) {
      const certificate = join(dir, path);
      t.regex(
        execFileSync('openssl', ['verify', '-CAfile', join(dir, 'pki/ca.crt'), certificate], { encoding: 'utf8' }),
        /: OK/,
      );
      const serial = execFileSync('openssl', ['x509', '-noout', '-serial', '-in', certificate], { encoding: 'utf8' });
      t.true(serials.has(serial.trim().slice('serial='.length).toLowerCase()), path);
      const publicKeys = [
        execFileSync('openssl', ['x509', '-noout', '-pubkey', '-in', certificate], { encoding: 'utf8' }),
        execFileSync('openssl', ['pkey', '-pubout', '-in', certificate.replace(/crt$/, 'key')], { encoding: 'utf8' }),
      ];
      t.is(publicKeys[0], publicKeys[1], path);
    }
  },
);

test('a lock of a living process keeps others out and says whose it is', async (t) => {
  const dir = temporaryFolder(t);
  const first = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(first, 'close');
  await once(first.stdout, 'data');
  // It would be done before the second one begins.
  first.kill('SIGSTOP');
  const second = await runUntil(dir, 1);
  first.kill('SIGKILL');
  await closed;
  t.not(second.code, 0);
  t.regex(second.said, new RegExp(`process ${first.pid} on .* is at work here`));
});

for (const [title, content] of [
  ['another host', { pid: 1, host: 'elsewhere.example', started: '' }],
  ['an unknown kind', 'not JSON'],
] as const) {
  test(`a lock of ${title} is left alone`, async (t) => {
    const dir = temporaryFolder(t);
    execFileSync('mkdir', [join(dir, 'run')]);
    writeFileSync(join(dir, 'run/apply.lock'), JSON.stringify(content));
    const { code, said } = await runUntil(dir, 1000);
    t.is(code, 1);
    t.regex(said, /is at work here/);
    t.deepEqual(filesBelow(dir), ['run/apply.lock']);
  });
}

test("a lock of an earlier process with a living one's number is taken over", async (t) => {
  const dir = temporaryFolder(t);
  execFileSync('mkdir', [join(dir, 'run')]);
  const host = execFileSync('hostname', { encoding: 'utf8' }).trim();
  writeFileSync(join(dir, 'run/apply.lock'), JSON.stringify({ pid: process.pid, host, started: 'another boot:1' }));
  const { code, said } = await runUntil(dir, 1000);
  t.is(code, 0);
  t.regex(said, new RegExp(`the run of process ${process.pid} was interrupted`));
});
