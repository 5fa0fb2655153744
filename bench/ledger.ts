import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type Authority, createAuthority, type Ledger, type LedgerQuery, renewRevocationList } from '../pki/index.js';
import { project } from './clusters.js';
import { median, table } from './figures.js';
import { say } from './processes.js';

// What the ledger costs with many certificates: `node dist/bench/ledger.js --certificates 100000 --revoked 10000 --rounds 5`. Issuing is
// measured in turns on a ledger with few and on one with many.

const { values: options } = parseArgs({
  options: {
    certificates: { type: 'string', default: '100000' },
    revoked: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
  },
});
const [certificates, revoked, rounds] = [Number(options.certificates), Number(options.revoked), Number(options.rounds)];
const main = join(project, 'dist', 'bundle', 'main.js');
const plan = 'version: 1\ncluster: { name: bench, run: systemd }\nmembers: [{ name: m1, host: 10.0.0.1 }]\n';
const dayMs = 86_400_000;

async function msOf(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

const usual = { profile: 'client', names: [], days: 365, keyType: 'ecdsa-p256' } as const;
const requestOf = (n: number) => ({ ...usual, commonName: `user${n}`, now: new Date() });

/** As many entries as `count`, each with a certificate of the usual size: signing them would take minutes. */
async function fill(ledger: Ledger, der: Buffer, count: number): Promise<string[]> {
  const serials: string[] = [];
  const begin = Date.now() - 365 * dayMs;
  for (let n = 0; n < count; n += 500) {
    const some = Array.from({ length: Math.min(500, count - n) }, async (_, k) => {
      const place = n + k;
      const at = new Date(begin + (place * 365 * dayMs) / count);
      const serial = await ledger.reserve(at);
      const entry = {
        ...{ serial, subject: `user${place}`, names: [], fingerprint: serial + serial },
        profile: place % 100 === 0 ? 'server' : place % 1000 === 1 ? 'batch' : 'client',
        notBefore: at.toISOString(),
        notAfter: new Date(at.getTime() + (30 + (place % 700)) * dayMs).toISOString(),
      };
      await ledger.record(entry, der, at);
      serials.push(serial);
    });
    await Promise.all(some);
  }
  return serials;
}

interface Place {
  readonly dir: string;
  readonly authority: Authority;
}

async function begin(dir: string): Promise<Place> {
  mkdirSync(dir);
  writeFileSync(join(dir, 'quorate.yaml'), plan);
  const made = { folder: join(dir, 'pki'), commonName: 'bench CA', keyType: 'ecdsa-p256', days: 3650 } as const;
  return { dir, authority: await createAuthority({ ...made, now: new Date() }) };
}

const issuing: Readonly<Record<string, (authority: Authority) => Promise<number>>> = {
  'one after the other': async (authority) =>
    (await msOf(async () => {
      for (let n = 0; n < 200; n += 1) await authority.issue(requestOf(n));
    })) / 200,
  '16 at once': async (authority) =>
    (await msOf(async () => {
      for (let n = 0; n < 400; n += 16)
        await Promise.all(Array.from({ length: 16 }, (_, k) => authority.issue(requestOf(n + k))));
    })) / 400,
};

/** Milliseconds for one certificate, with few others and with many, and the ratio; of rounds in turns. */
async function measureIssuing(few: Place, many: Place): Promise<(string | number)[][]> {
  const rows: (string | number)[][] = [];
  for (const [name, issue] of Object.entries(issuing)) {
    for (const { authority } of [few, many]) await issue(authority);
    const taken: number[][] = [];
    for (let round = 0; round < rounds; round += 1)
      taken.push([await issue(few.authority), await issue(many.authority)]);
    const [before, after] = [0, 1].map((at) => median(taken.map((each) => each[at] ?? Number.NaN)));
    const ratio = median(taken.map(([one = 0, other = 0]) => other / one));
    rows.push([`issue, ${name}`, before ?? 0, after ?? 0, ratio]);
  }
  return rows;
}

const pages: Readonly<Record<string, Partial<LedgerQuery>>> = {
  'the next to expire': {},
  'valid, by end': { states: ['issued'] },
  'the last issued': { order: 'issue', reverse: true },
  'by subject': { order: 'subject' },
  'subject that begins with user99': { subjectPrefix: 'user99' },
  'a profile that is rare': { profiles: ['batch'] },
  revoked: { states: ['revoked'] },
};

async function measurePages(ledger: Ledger): Promise<(string | number)[][]> {
  const rows: (string | number)[][] = [];
  for (const [name, query] of Object.entries(pages)) {
    const taken: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      taken.push(
        await msOf(() => {
          let left = 50;
          for (const _ of ledger.select({ now: new Date(), ...query })) {
            left -= 1;
            if (left === 0) break;
          }
        }),
      );
    }
    rows.push([`50: ${name}`, taken[0] ?? 0, median(taken)]);
  }
  return rows;
}

/** A process of its own, from its start to its end. */
async function measureCommand(dir: string, ...args: readonly string[]): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1)
    taken.push(
      await msOf(() => promisify(execFile)(process.execPath, [main, ...args, '--dir', dir], { maxBuffer: 1 << 28 })),
    );
  return median(taken);
}

async function measure(folder: string): Promise<void> {
  const [few, many] = [await begin(join(folder, 'few')), await begin(join(folder, 'many'))];
  const { certificatePem } = await few.authority.issue(requestOf(0));
  const der = Buffer.from(certificatePem.replace(/-----[^-]*-----/g, ''), 'base64');
  say(`writing ${certificates} entries`);
  const filled = await msOf(async () => {
    serials = await fill(many.authority.ledger, der, certificates);
  });
  const issue = await measureIssuing(few, many);
  process.stdout.write(`${table(['ms', 'few', `${certificates}`, 'ratio'], issue)}\n\n`);

  const { ledger } = many.authority;
  const step = Math.max(1, Math.floor(certificates / revoked));
  const chosen = serials.filter((_, n) => n % step === 0).slice(0, revoked);
  const options = { authority: many.authority, folder: join(many.dir, 'pki'), now: new Date() };
  const revoking = await msOf(() => ledger.revoke(chosen, 'superseded', new Date()));
  const lists: number[] = [];
  for (let round = 0; round < rounds; round += 1) lists.push(await msOf(() => renewRevocationList(options)));
  const found = await measurePages(ledger);
  await many.authority.close();
  const commands = [
    ['quorate --version, for comparison', await measureCommand(many.dir, '--version')],
    ['quorate cert list', await measureCommand(many.dir, 'cert', 'list')],
    ['quorate cert list, of a ledger with few', await measureCommand(few.dir, 'cert', 'list')],
    ['quorate cert crl --renew', await measureCommand(many.dir, 'cert', 'crl', '--renew')],
  ];
  process.stdout.write(`${table(['ms', 'the first time', 'median'], found)}\n\n`);
  process.stdout.write(
    `${table(
      ['', 'ms'],
      [
        [`${certificates} entries written, each`, filled / certificates],
        [`${revoked} revoked at once`, revoking],
        [`a list of ${revoked}, signed and in place`, median(lists)],
        ...commands,
      ],
    )}\n`,
  );
}

let serials: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'quorate-ledger-'));
try {
  await measure(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
