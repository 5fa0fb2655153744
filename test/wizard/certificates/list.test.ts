import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { temporaryFolder } from '../apply/folder.js';
import { type Ended, quorate } from '../commands/quorate.js';

const plan = `version: 1
cluster: { name: demo, engine: etcd, run: systemd }
members: [{ name: m1, host: 10.0.0.1 }]
access: { users: [{ name: ops, roles: [root] }] }
`;

async function setting(t: ExecutionContext) {
  const dir = join(temporaryFolder(t), 'quorate');
  mkdirSync(dir);
  writeFileSync(join(dir, 'quorate.yaml'), plan);
  const cert = (...args: readonly string[]): Promise<Ended> => quorate(['cert', ...args, '--dir', dir]);
  const made = await quorate(['apply', '--dir', dir]);
  t.is(made.code, 0, made.stderr);
  for (const [name, days] of [
    ['ops', '5'],
    ['ci', '20'],
  ] as const)
    t.is((await cert('issue', 'client', name, '--days', days)).code, 0);
  const list = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await cert('list', '--json', ...args);
    t.is(code, 0, stderr);
    return JSON.parse(stdout) as { more: boolean; certificates: Record<string, string>[] };
  };
  const subjects = async (...args: readonly string[]): Promise<string[]> =>
    (await list(...args)).certificates.map(({ subject, profile }) => `${subject} ${profile}`);
  return { dir, cert, list, subjects };
}

test('cert list has everything that was issued, with filters, orders and pages', async (t) => {
  const { subjects, list, cert } = await setting(t);
  const all = ['ops client', 'ci client', 'm1 peer', 'm1 server', 'ops client', 'root client', 'demo CA root'];
  t.deepEqual((await subjects()).toSorted(), all.toSorted());
  t.deepEqual((await subjects('--expires-within', '30')).slice(0, 2), ['ops client', 'ci client']);
  t.deepEqual(await subjects('--expires-within', '6'), ['ops client']);
  t.deepEqual(await subjects('--user', 'ops'), ['ops client', 'ops client']);
  t.deepEqual((await subjects('--member', 'm1')).toSorted(), ['m1 peer', 'm1 server']);
  t.deepEqual(await subjects('--profile', 'root'), ['demo CA root']);
  t.deepEqual(await subjects('--subject', 'c*'), ['ci client']);
  t.deepEqual(await subjects('--state', 'revoked', 'expired'), []);
  t.deepEqual((await subjects('--sort', 'subject', '--reverse')).at(0), 'root client');
  const [one, two] = [await list('--limit', '4'), await list('--limit', '4', '--page', '2')];
  t.deepEqual([one.more, two.more], [true, false]);
  t.is(new Set([...one.certificates, ...two.certificates].map(({ serial }) => serial)).size, 7);

  const { stdout, stderr } = await cert('list', '--limit', '1');
  t.regex(
    stdout,
    /^SERIAL +SUBJECT .*\n[0-9a-f]{32} +ops +client +issued +4 days +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d +\w+\n$/,
  );
  t.regex(stderr, /--page 2 has the next ones/);
  const mistaken = await cert('list', '--state', 'revokt', '--limit', '0', '--user', 'a', '--member', 'b');
  t.is(mistaken.code, 2);
  t.regex(mistaken.stderr, /--limit: 0 is no .*--state: there is no "revokt"; .*\nhint: did you mean revoked\?/);
});

test('cert show finds a certificate by its serial in any spelling and by its name', async (t) => {
  const { dir, cert, list } = await setting(t);
  const { serialNumber, fingerprint256 } = new X509Certificate(readFileSync(join(dir, 'issued/client/ci.crt')));
  const colons = serialNumber.match(/../g)?.join(':') ?? '';
  for (const name of ['ci', serialNumber, colons, `0x${serialNumber.toLowerCase()}`]) {
    const { certificates } = JSON.parse((await cert('show', name, '--json')).stdout);
    t.is(certificates.length, 1);
    t.is(certificates[0].serial, serialNumber.toLowerCase());
    t.is(certificates[0].fingerprint, fingerprint256.replaceAll(':', '').toLowerCase());
  }
  t.is((await cert('show', 'ci', '--pem')).stdout, readFileSync(join(dir, 'issued/client/ci.crt'), 'utf8'));
  const { stdout, stderr } = await cert('show', 'ops');
  t.is(stdout.match(/^serial +[0-9a-f]{32}$/gm)?.length, 2);
  t.regex(stdout, new RegExp(`^issued +\\S+ by ${execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()}$`, 'm'));
  t.regex(stderr, /^2 certificates, 2 of them valid\n$/);
  const unknown = await cert('show', 'nobody');
  t.is(unknown.code, 1);
  t.regex(unknown.stderr, /^error: there is no certificate "nobody" in the ledger\nhint: quorate cert list shows them/);
  t.is((await list('--subject', 'ops')).certificates.length, 2);
});

test('without an authority there is nothing to list, and that is said', async (t) => {
  const { dir, cert } = await setting(t);
  rmSync(join(dir, 'pki'), { recursive: true });
  const { code, stderr } = await cert('list');
  t.is(code, 1);
  t.regex(stderr, /^error: there is no authority in .*\/pki\nhint: quorate init makes one/);
});
