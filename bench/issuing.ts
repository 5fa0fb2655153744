import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, createAuthority, writeKeyPair } from '../pki/index.js';
import { project } from './clusters.js';
import { median, table } from './figures.js';
import { run, say } from './processes.js';
import type { Section } from './section.js';

// P-256 certificates of clients, each with a key of its own: by us, by the openssl command line, by cfssl; and the
// certificates and kits of 1,000 users by one apply.

type Issuers = Readonly<Record<string, (count: number, folder: string) => Promise<void>>>;

const baseline = 'quorate: ledger and files, synced, 16 at once';

const requestOf = (n: number) =>
  ({
    profile: 'client',
    commonName: `user${n}`,
    names: [],
    days: 365,
    keyType: 'ecdsa-p256',
    now: new Date(),
  }) as const;

/** `work` for each number below `count`, `atOnce` at a time. */
async function forEach(count: number, atOnce: number, work: (n: number) => Promise<void>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => n).values();
  const worker = async (): Promise<void> => {
    for (const n of numbers) await work(n);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

const ours = (authority: Authority): Issuers => ({
  'quorate: ledger, synced, one after the other': (count) =>
    forEach(count, 1, async (n) => {
      await authority.issue(requestOf(n));
    }),
  'quorate: ledger, synced, 16 at once': (count) =>
    forEach(count, 16, async (n) => {
      await authority.issue(requestOf(n));
    }),
  [baseline]: (count, folder) =>
    forEach(count, 16, async (n) => {
      const paths = { certificate: join(folder, `${n}.crt`), key: join(folder, `${n}.key`) };
      await writeKeyPair(paths, await authority.issue(requestOf(n)));
    }),
});

/** As they are used: a process for each, its output in files. */
const others: Issuers = {
  'openssl genpkey, req, x509': async (count, folder) => {
    const script = `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $n.key &&
      openssl req -new -key $n.key -subj /CN=user$n -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=clientAuth -out $n.csr &&
      openssl x509 -req -in $n.csr -CA ../ca.crt -CAkey ../ca.key -copy_extensions copy -days 365 -out $n.crt 2>/dev/null`;
    await run('sh', ['-c', `for n in $(seq ${count}); do ${script} || exit 1; done`], { cwd: folder });
  },
  'cfssl gencert': async (count, folder) => {
    writeFileSync(join(folder, 'csr.json'), JSON.stringify({ CN: 'user', key: { algo: 'ecdsa', size: 256 } }));
    const script = 'cfssl gencert -ca ../ca.crt -ca-key ../ca.sec1 csr.json >$n.json 2>/dev/null';
    await run('sh', ['-c', `for n in $(seq ${count}); do ${script} || exit 1; done`], { cwd: folder });
  },
};

async function makeCa(folder: string): Promise<Authority> {
  const pki = join(folder, 'pki');
  const authority = await createAuthority({
    ...{ folder: pki, commonName: 'bench CA', keyType: 'ecdsa-p256', days: 3650, now: new Date() },
  });
  execFileSync('cp', [join(pki, 'ca.crt'), join(pki, 'ca.key'), folder]);
  // cfssl reads no PKCS #8 of elliptic curves.
  const sec1 = ['ec', '-in', join(pki, 'ca.key'), '-out', join(folder, 'ca.sec1')];
  execFileSync('openssl', sec1, { stdio: 'ignore' });
  return authority;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

/** One apply of a new DIR with this many users, as a process of its own. */
async function applyUsers(dir: string, count: number): Promise<number> {
  const users = Array.from({ length: count }, (_, n) => `    - { name: user${n}, roles: [root] }`).join('\n');
  mkdirSync(dir);
  const head = 'version: 1\ncluster: { name: bench }\nmembers: [{ name: m1, host: 127.0.0.1 }]\naccess:\n  users:\n';
  writeFileSync(join(dir, 'quorate.yaml'), `${head}${users}\n`);
  const main = join(project, 'dist', 'bundle', 'main.js');
  return secondsOf(() => run(process.execPath, [main, 'apply', '--dir', dir]));
}

/** Milliseconds for a certificate, in turns; what others take is also given as a multiple of ours. */
export async function measureIssuing(folder: string, rounds: number): Promise<Section> {
  const issuers: Issuers = { ...ours(await makeCa(folder)), ...others };
  const counts = (name: string): number => (name.startsWith('quorate') ? 200 : 50);
  const taken: Record<string, number[]> = {};
  const applied: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, [name, issue]] of Object.entries(issuers).entries()) {
      const into = join(folder, `${round}-${index}`);
      mkdirSync(into);
      const count = counts(name);
      const ms = ((await secondsOf(() => issue(count, into))) * 1000) / count;
      taken[name] = [...(taken[name] ?? []), ms];
      say(`${name}: ${ms.toFixed(2)} ms`);
    }
    applied.push(await applyUsers(join(folder, `apply-${round}`), 1000));
    say(`1,000 users: ${applied.at(-1)?.toFixed(1)} s`);
  }
  const ratio = (name: string): number =>
    median((taken[name] ?? []).map((ms, round) => ms / (taken[baseline]?.[round] ?? Number.NaN)));
  const rows = Object.entries(taken).map(([name, all]) => [name, median(all), ratio(name)]);
  const apply = table(['', 'seconds'], [['1,000 users in one apply', median(applied)]]);
  return {
    table: `${table(['a P-256 certificate and its key', 'ms', 'x ours'], rows)}\n\n${apply}`,
    data: { taken, applied },
  };
}
