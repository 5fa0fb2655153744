import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Ledger, type LedgerEntry, openAuthority, type PkiError } from '#pki';
import { type Bench, bench, freshFolder, later, now } from './setting.js';

const script = fileURLToPath(new URL('issue-there.js', import.meta.url));
const client = { profile: 'client', commonName: 'app', names: [], days: 1, keyType: 'ecdsa-p256', now } as const;
const all = (ledger: Ledger): LedgerEntry[] => [...ledger.select({ now, order: 'issue' })];

test('a certificate is in the ledger before it is on disk, with who asked for it and when', async (t) => {
  const { folder, issue, authority } = await bench(t);
  const { serial, fingerprint, certificatePem } = await issue({ organization: 'Demo' });
  t.deepEqual(readdirSync(folder), ['pki']);
  t.deepEqual(authority.ledger.find(serial), {
    ...{ serial, profile: 'server', subject: 'm1', organization: 'Demo' },
    names: ['localhost', '127.0.0.1', '::1', 'm1.example', '10.0.0.1'],
    by: execFileSync('id', ['-un'], { encoding: 'utf8' }).trim(),
    at: now.toISOString(),
    ...{ notBefore: '2030-06-15T11:55:00.000Z', notAfter: '2031-06-15T12:00:00.000Z', fingerprint },
  });
  t.is(authority.ledger.certificateOf(serial), certificatePem);
  t.is(authority.ledger.find(authority.certificate.serial)?.profile, 'root');
  t.is(authority.ledger.find('41'), undefined);
});

/** Every serial that a killed process had handed out. */
async function issueUntilKilled(pki: string, ms: number): Promise<string[]> {
  const child = spawn(process.execPath, [script, pki], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = text(child.stdout);
  await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), ms);
  await once(child, 'close');
  const lines = (await said).split('\n').slice(0, -1);
  return lines.filter((line) => /^[0-9a-f]{32}$/.test(line));
}

test('of processes that issue at once and are killed no serial is used twice, and none is lost that was handed out', async (t) => {
  const { path, authority } = await bench(t);
  const handedOut: string[] = [];
  for (const ms of [1, 37, 120]) {
    const both = await Promise.all([issueUntilKilled(path('pki'), ms), issueUntilKilled(path('pki'), 2 * ms)]);
    handedOut.push(...both.flat());
    const { ledger } = await openAuthority(path('pki'));
    const recorded = new Set(all(ledger).map(({ serial }) => serial));
    for (const serial of handedOut) t.true(recorded.has(serial), serial);
    const reserved = ledger.reservations().map(({ serial }) => serial);
    t.deepEqual(
      reserved.filter((serial) => recorded.has(serial)),
      [],
    );
    const next = await authority.issue(client);
    t.false(reserved.includes(next.serial) || handedOut.includes(next.serial));
    handedOut.push(next.serial);
  }
  t.is(new Set(handedOut).size, handedOut.length);
  t.true(handedOut.length > 10, `${handedOut.length}`);
});

test('what was reserved and not used is given back when the ledger is closed', async (t) => {
  const { path } = await bench(t);
  const authority = await openAuthority(path('pki'));
  await Promise.all(Array.from({ length: 5 }, () => authority.issue(client)));
  await Promise.all(Array.from({ length: 3 }, () => authority.issue(client)));
  await authority.close();
  const { ledger } = await openAuthority(path('pki'));
  t.deepEqual([ledger.reservations(), ledger.size], [[], 9]);
});

test('a serial is recorded once, and only where it was reserved', async (t) => {
  const { path, issue } = await bench(t);
  const { serial } = await issue();
  const ledger = await Ledger.open(path('pki'), { serial: () => serial });
  await t.throwsAsync(ledger.reserve(now), { code: 'serial-reused', message: /was given out before/ });
  const entry = ledger.find(serial) as LedgerEntry;
  for (const again of [serial, '41']) {
    await t.throwsAsync(ledger.record({ ...entry, serial: again }, Buffer.alloc(0), now), { code: 'serial-reused' });
  }
  t.is(ledger.size, 2);
});

const oldLine = (serial: string, more: object = {}): string =>
  `${JSON.stringify({
    ...{ event: 'issued', serial, profile: 'client', subject: 'app', names: ['a.example'] },
    ...{ notBefore: now.toISOString(), notAfter: later(9).toISOString(), fingerprint: 'ff', ...more },
  })}\n`;

/** The authority as it was before there was this ledger. */
async function oldAuthority(t: Parameters<typeof bench>[0], lines: string): Promise<Bench> {
  const made = await bench(t);
  await made.authority.close();
  for (const name of ['ledger.mdb', 'ledger.mdb-lock']) await rm(made.path(`pki/${name}`));
  writeFileSync(made.path('pki/ledger'), lines);
  return made;
}

test('a ledger of JSON lines is taken over once, whole, and kept beside the new one', async (t) => {
  const lines = `${oldLine('7a'.repeat(16))}${oldLine('7b'.repeat(16), { organization: 'Demo' })}`;
  const { path } = await oldAuthority(t, `${lines}{"event":"issued","serial":"41`);
  // Several at once: each finds all of it.
  const opened = await Promise.all(Array.from({ length: 3 }, () => openAuthority(path('pki'))));
  for (const { ledger } of opened) {
    t.is(ledger.size, 2);
    t.deepEqual(ledger.find('7b'.repeat(16)), {
      ...{ serial: '7b'.repeat(16), profile: 'client', subject: 'app', organization: 'Demo', names: ['a.example'] },
      ...{ at: now.toISOString(), notBefore: now.toISOString(), notAfter: later(9).toISOString(), fingerprint: 'ff' },
    });
  }
  t.false(existsSync(path('pki/ledger')));
  t.true(readFileSync(path('pki/ledger.old'), 'utf8').startsWith(lines));
  t.is(opened[0]?.ledger.certificateOf('7b'.repeat(16)), undefined);

  // As if it had been killed before it set the old one aside, and had issued since.
  await opened[0]?.issue(client);
  renameSync(path('pki/ledger.old'), path('pki/ledger'));
  t.is((await openAuthority(path('pki'))).ledger.size, 3);
});

test('processes that take over the same ledger at once lose nothing of it, or of what they add', async (t) => {
  const serials = Array.from({ length: 500 }, (_, n) => `7a${n.toString(16).padStart(30, '0')}`);
  const { path } = await oldAuthority(t, serials.map((serial) => oldLine(serial)).join(''));
  const issue = (): Promise<string> => text(spawn(process.execPath, [script, path('pki'), '2']).stdout);
  const issued = (await Promise.all([issue(), issue(), issue()])).join('').trimEnd().split('\n');
  const { ledger } = await openAuthority(path('pki'));
  t.deepEqual(
    [...serials, ...issued].filter((serial) => ledger.find(serial) === undefined),
    [],
  );
  t.is(ledger.size, 506);
});

for (const line of ['', 'garbage', '{}', '{"event":"issued","serial":1}', 'null', '[]']) {
  test(`an old ledger with the line ${JSON.stringify(line)} is refused with its number, and left as it is`, async (t) => {
    const { path } = await oldAuthority(t, oldLine('41'));
    appendFileSync(path('pki/ledger'), `${line}\n`);
    const error = await t.throwsAsync<PkiError>(openAuthority(path('pki')), {
      code: 'ledger-damaged',
      message: /line 2 of /,
    });
    t.regex(error?.hint ?? '', /backup/);
    t.deepEqual(
      readdirSync(path('pki')).filter((name) => name.startsWith('ledger')),
      ['ledger'],
    );
  });
}

const damages: readonly (readonly [what: string, damage: (file: string) => void, said: RegExp])[] = [
  ['empty', (file) => truncateSync(file, 0), /it ends inside its first pages/],
  ['cut off', (file) => truncateSync(file, 8192), /is damaged: /],
  [
    'words',
    (file) => writeFileSync(file, 'Dear administrator, '.repeat(1000)),
    /it is not an LMDB file of this version/,
  ],
  ['zeros', (file) => writeFileSync(file, Buffer.alloc(65_536)), /it is not an LMDB file of this version/],
];
for (const [what, damage, said] of damages) {
  test(`a ledger that is ${what} is refused, with the way out`, async (t) => {
    const { path, issue, authority } = await bench(t);
    await issue();
    await authority.close();
    damage(path('pki/ledger.mdb'));
    const error = await t.throwsAsync<PkiError>(openAuthority(path('pki')), { code: 'ledger-damaged', message: said });
    t.true(error?.message.includes(path('pki/ledger.mdb')));
    t.regex(error?.hint ?? '', /restore the ledger from a backup/);
  });
}

test('a ledger behind a symbolic link is used where it is, with its own lock', async (t) => {
  const { path, folder, authority } = await bench(t);
  await authority.close();
  renameSync(path('pki/ledger.mdb'), join(folder, 'elsewhere.mdb'));
  await rm(path('pki/ledger.mdb-lock'));
  symlinkSync(join(folder, 'elsewhere.mdb'), path('pki/ledger.mdb'));
  await (await openAuthority(path('pki'))).issue(client);
  t.true(existsSync(join(folder, 'elsewhere.mdb-lock')));
  t.false(existsSync(path('pki/ledger.mdb-lock')));
});

const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
const mayMount = spawnSync('unshare', [...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
const onMount = mayMount || process.env.QUORATE_JUDGES === 'required' ? test : test.skip;

onMount(
  'on a full disk nothing is issued, with words, and all that was issued is there when there is room',
  async (t) => {
    const { path } = await bench(t);
    const place = await freshFolder(t);
    const steps = [
      'mount -t tmpfs -o size=400k tmpfs "$0"',
      'cp -r "$1" "$0/pki" && chmod 700 "$0/pki"',
      '"$2" "$3" "$0/pki" 300',
      'rm "$0/pki/ledger.mdb-lock"; head -c 1M /dev/zero >"$0/fill" 2>/dev/null; "$2" "$3" "$0/pki" 1',
      'mount -o remount,size=4m "$0"; "$2" "$3" "$0/pki" 1; cp "$0/pki/ledger.mdb" "$1/../grown.mdb"',
    ];
    const words = ['--', ...namespace, 'sh', '-c', steps.join('\n'), place, path('pki'), process.execPath, script];
    const { stdout, stderr } = spawnSync('unshare', words.slice(1), { encoding: 'utf8' });
    const lines = stdout.trimEnd().split('\n');
    const serials = lines.filter((line) => /^[0-9a-f]{32}$/.test(line));
    const refusals = lines.filter((line) => !serials.includes(line));
    t.is(refusals.length, 2, `${stdout}${stderr}`);
    for (const line of refusals)
      t.regex(line, /^disk-full: cannot \w+ .*ledger\.mdb.*: no space left on the device \(free some space/);
    t.true(serials.length > 20, `${serials.length}`);
    for (const name of ['ca.crt', 'ca.key']) copyFileSync(path(`pki/${name}`), join(place, name));
    copyFileSync(path('grown.mdb'), join(place, 'ledger.mdb'));
    const { ledger } = await openAuthority(place);
    for (const serial of serials) t.truthy(ledger.find(serial), serial);
    t.is(ledger.size, serials.length + 1);
  },
);

test('the ledger and its lock are for their owner only', async (t) => {
  const { path } = await bench(t);
  for (const name of ['ledger.mdb', 'ledger.mdb-lock']) t.is(statSync(path(`pki/${name}`)).mode & 0o777, 0o600);
});
