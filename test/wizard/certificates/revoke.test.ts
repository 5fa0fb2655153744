import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { Ledger } from '#pki';
import { outstandingSteps } from '../../../wizard/apply/apply.js';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { judge } from '../../judges.js';
import { temporaryFolder } from '../apply/folder.js';
import { type Ended, quorate, start } from '../commands/quorate.js';

const openssl = judge('openssl');

const plan = `version: 1
cluster: { name: demo, engine: etcd, run: systemd }
members: [{ name: m1, host: 10.0.0.1 }]
access: { users: [{ name: ops, roles: [root] }, { name: app, roles: [root] }] }
`;
const copy = 'members/m1/etc/quorate-crl/ca.crl.der';

async function setting(t: ExecutionContext) {
  const dir = join(temporaryFolder(t), 'quorate');
  mkdirSync(dir);
  writeFileSync(join(dir, 'quorate.yaml'), plan);
  const made = await quorate(['apply', '--dir', dir]);
  t.is(made.code, 0, made.stderr);
  const at = (path: string): string => join(dir, path);
  const cert = (...args: readonly string[]): Promise<Ended> => quorate(['cert', ...args, '--dir', dir]);
  const serialOf = (path: string): string =>
    execFileSync('openssl', ['x509', '-noout', '-serial', '-in', at(path)], { encoding: 'utf8' })
      .trim()
      .slice(7);
  /** What openssl reads in the member's copy, once it has seen that it is the authority's. */
  const listText = (): string => {
    const args = ['crl', '-inform', 'DER', '-in', at(copy), '-CAfile', at('pki/ca.crt'), '-noout', '-text'];
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  };
  return { dir, at, cert, serialOf, listText };
}

const numberOf = (text: string): number => Number(/X509v3 CRL Number: *\n *(\d+)/.exec(text)?.[1]);

openssl.test(
  'a user is revoked with a reason: in the ledger, in the list in both forms, and in the members’ copies',
  async (t) => {
    const { at, cert, serialOf, listText } = await setting(t);
    t.deepEqual(readFileSync(at(copy)), readFileSync(at('pki/ca.crl.der')), 'from day one');
    const before = listText();
    t.regex(before, /No Revoked Certificates/);
    const [app, ops] = [serialOf('users/app/app.crt'), serialOf('users/ops/ops.crt')];

    const asked = await cert('revoke', 'app');
    t.deepEqual([asked.code, asked.stdout], [2, '']);
    t.regex(asked.stderr, /client certificate of app, ends at .*\nerror: a revocation is not taken back/);
    t.is(listText(), before);

    const revoked = await cert('revoke', 'app', '--reason', 'key-compromise', '--yes');
    t.deepEqual([revoked.code, revoked.stdout], [0, `${app.toLowerCase()}\n`], revoked.stderr);
    t.regex(revoked.stderr, /the revocation list has 1 entry\n/);
    t.true(revoked.stderr.includes(`  ${copy} -> m1:/etc/quorate-crl/ca.crl.der\n`), revoked.stderr);
    const after = listText();
    t.regex(after, new RegExp(`Serial Number: ${app}\\n.*\\n.*\\n *X509v3 CRL Reason Code: *\\n *Key Compromise`));
    t.is(numberOf(after), numberOf(before) + 1);
    t.deepEqual(readFileSync(at(copy)), readFileSync(at('pki/ca.crl.der')));
    const check = (path: string): string => {
      const args = ['verify', '-crl_check', '-CAfile', at('pki/ca.crt'), '-CRLfile', at('pki/ca.crl'), at(path)];
      return execFileSync('sh', ['-c', 'openssl "$@" 2>&1; :', 'sh', ...args], { encoding: 'utf8' });
    };
    t.regex(check('users/app/app.crt'), /certificate revoked/);
    t.regex(check('users/ops/ops.crt'), /: OK/);
    t.is((await quorate(['plan', '--dir', at('')])).code, 0, 'nothing is left for apply');

    // In another tool's spelling, with a reason that is none for the list (RFC 5280 5.3.1).
    t.is((await cert('revoke', ops.match(/../g)?.join(':') ?? '', '-y')).code, 0);
    t.regex(
      listText(),
      new RegExp(
        `Serial Number: ${ops}\\n *Revocation Date: .*\\n *Serial|Serial Number: ${ops}\\n *Revocation Date: .*\\n *Sig`,
      ),
    );
    const { certificates } = JSON.parse(
      (await cert('list', '--state', 'revoked', '--sort', 'subject', '--json')).stdout,
    );
    t.deepEqual(
      certificates.map(({ subject, revocation }: { subject: string; revocation: { reason: string } }) => [
        subject,
        revocation.reason,
      ]),
      [
        ['app', 'key-compromise'],
        ['ops', 'unspecified'],
      ],
    );
    const again = await cert('revoke', app, '--yes');
    t.deepEqual([again.code, again.stdout], [0, '']);
    t.regex(again.stderr, /was revoked at .* \(key-compromise\)\nthere was nothing left to do\n/);
  },
);

openssl.test('what can not be revoked is said, all of it, and then nothing is', async (t) => {
  const { at, cert, serialOf, listText } = await setting(t);
  const before = listText();
  const ca = serialOf('pki/ca.crt').toLowerCase();
  const refused = await cert('revoke', 'app', 'nobody', '00ff', ca, '--yes');
  t.deepEqual([refused.code, refused.stdout], [1, '']);
  t.regex(
    refused.stderr,
    /there is no certificate "nobody" in the ledger; there is no certificate "00ff" in the ledger; /,
  );
  t.regex(refused.stderr, new RegExp(`${ca} is the authority demo CA itself: no list of its own can revoke it`));
  t.regex(refused.stderr, /hint: .*cert list shows them.*rotate-ca/);
  t.regex((await cert('revoke', 'demo CA', '-y')).stderr, /is the authority demo CA itself/);
  const reason = await cert('revoke', 'app', '--reason', 'key-comprimise', '-y');
  t.is(reason.code, 2);
  t.regex(reason.stderr, /--reason: there is no "key-comprimise"\nhint: did you mean key-compromise\?/);
  t.is(listText(), before);
  t.is(JSON.parse((await cert('list', '--state', 'revoked', '--json')).stdout).certificates.length, 0);
  t.false(existsSync(at('run/apply.lock')));
});

openssl.test(
  'revocations at once are both on the list, and one that was killed is finished by the same command',
  async (t) => {
    const { dir, at, cert, serialOf, listText } = await setting(t);
    const serials = ['users/app/app.crt', 'users/ops/ops.crt', 'members/m1/etc/quorate/peer.crt'].map(serialOf);
    const [app = '', ops = '', peer = ''] = serials;
    const both = await Promise.all([cert('revoke', app, '-y'), cert('revoke', ops, '-y')]);
    t.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
      both.map(({ stderr }) => stderr).join(''),
    );
    for (const serial of [app, ops]) t.true(listText().includes(serial));

    // As if it had been killed once the ledger had it.
    const ledger = await Ledger.open(at('pki'));
    await ledger.revoke([peer.toLowerCase()], 'superseded', new Date());
    await ledger.close();
    t.regex((await cert('crl')).stdout, /state +another one is due/);
    const finished = await cert('revoke', peer, '-y');
    t.is(finished.code, 0);
    t.true(listText().includes(peer));

    const before = numberOf(listText());
    for (const ms of [300, 450, 600]) {
      const running = start(['cert', 'crl', '--renew', '--dir', dir]);
      await delay(ms);
      running.kill('SIGKILL');
      await running.ended;
      for (const serial of serials) t.true(listText().includes(serial), `after ${ms} ms`);
    }
    rmSync(at(copy));
    t.regex((await cert('crl')).stdout, /m1 +members\/m1\/etc\/quorate-crl\/ca\.crl\.der missing/);
    t.is((await cert('crl', '--renew', '--days', '30')).code, 0);
    const { list, revoked, copies } = JSON.parse((await cert('crl', '--json')).stdout);
    t.is(list.number, numberOf(listText()));
    t.true(list.number > before);
    t.is(Date.parse(list.nextUpdate) - Date.parse(list.thisUpdate), 30 * 86_400_000);
    t.deepEqual([list.pending, revoked, copies[0].state], [false, 3, 'current']);
  },
);

openssl.test(
  'what is revoked comes back only when it is named, and a key that others may have not at all',
  async (t) => {
    const { dir, at, cert, serialOf } = await setting(t);
    t.is((await cert('revoke', 'app', '--reason', 'key-compromise', '-y')).code, 0);
    t.is((await cert('revoke', 'ops', '--reason', 'superseded', '-y')).code, 0);
    const before = ['app', 'ops'].map((user) => serialOf(`users/${user}/${user}.crt`));

    const { plan: parsed } = parsePlanText(plan, 'quorate.yaml');
    const late = await outstandingSteps(parsed, dir, new Date(Date.now() + 350 * 86_400_000));
    t.deepEqual(
      late
        .filter(({ action }) => action === 'renew')
        .map(({ artifact }) => artifact.path)
        .toSorted(),
      ['members/m1/etc/quorate/peer.crt', 'members/m1/etc/quorate/server.crt', 'users/root/root.crt'],
    );
    const check = await cert('renew', '--check');
    t.is(check.code, 1);
    t.regex(check.stdout, /^ops +revoked .*\napp +revoked /m);
    t.regex((await cert('renew')).stderr, /none is past two thirds/);
    t.deepEqual(
      ['app', 'ops'].map((user) => serialOf(`users/${user}/${user}.crt`)),
      before,
    );

    const refused = await cert('renew', 'app');
    t.is(refused.code, 1);
    t.regex(refused.stderr, /app was revoked since others may have the key.*\nhint: quorate cert renew NAME --new-key/);
    const key = readFileSync(at('users/app/app.key'), 'utf8');
    t.is((await cert('renew', 'app', '--new-key')).code, 0);
    t.not(readFileSync(at('users/app/app.key'), 'utf8'), key);
    t.is((await cert('renew', 'ops')).code, 0);
    t.is((await cert('renew', '--check')).code, 0);
  },
);

openssl.test('symbolic links in the place of lists are replaced, and what they lead to stays', async (t) => {
  const { at, cert, listText } = await setting(t);
  const victim = at('../victim');
  writeFileSync(victim, 'mine');
  for (const place of [copy, 'pki/ca.crl', 'pki/ca.crl.der']) {
    rmSync(at(place));
    symlinkSync(victim, at(place));
  }
  const { code, stderr } = await cert('revoke', 'app', '-y');
  t.is(code, 0, stderr);
  t.is(readFileSync(victim, 'utf8'), 'mine');
  for (const place of [copy, 'pki/ca.crl', 'pki/ca.crl.der']) t.throws(() => readlinkSync(at(place)));
  t.regex(listText(), /Serial Number/);
});
