import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type MemberUnit, memberUnit, TemplateError } from '#templates';
import { judge } from '../judges.js';
import { hostileValues } from './hostile.js';
import { verified } from './systemd.js';

const unit: MemberUnit = {
  description: 'Quorate member of the cluster demo',
  documentation: 'https://example.org/',
  command: ['quorate', 'serve'],
  notifies: false,
  finalExitCode: 3,
  environmentFile: '/etc/quorate/member.env',
  credentials: { 'ca.crt': '/etc/quorate/ca.crt', 'server.key': '/etc/quorate/server.key' },
  stateFolder: 'quorate',
};

const systemd = judge('systemd-analyze');

for (const notifies of [true, false]) {
  systemd.test(`systemd has nothing to say against a unit of type ${notifies ? 'notify' : 'exec'}`, (t) => {
    t.deepEqual(verified(memberUnit({ ...unit, notifies })), { status: 0, said: '' });
  });
}

systemd.test('systemd does object to a unit with a mistake in it', (t) => {
  t.regex(verified(memberUnit(unit).replace('Type=exec', 'Type=exce')).said, /Failed to parse service type/);
});

systemd.test('systemd has nothing to say against hostile descriptions and arguments', (t) => {
  const values = hostileValues.filter((value) => !/[\n\t]/.test(value));
  const text = memberUnit({ ...unit, description: values.join(' '), command: ['quorate', ...values] });
  t.deepEqual(verified(text), { status: 0, said: '' });
});

systemd.test('systemd rates the exposure of a member as ok', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-security-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'quorate.service');
  writeFileSync(path, memberUnit(unit));
  const report = execFileSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', path], {
    encoding: 'utf8',
  });
  t.regex(report, /exposure level.*OK/);
});

test("a unit keeps keys from the member's disk rights, restarts it, and lets V8 compile", (t) => {
  const text = memberUnit(unit);
  for (const line of [
    'DynamicUser=yes',
    'LoadCredential=server.key:/etc/quorate/server.key',
    'Restart=on-failure',
    'LimitNOFILE=65536',
    'Type=exec',
  ]) {
    t.true(text.split('\n').includes(line), line);
  }
  t.false(text.includes('MemoryDenyWriteExecute'));
});

for (const value of ['a\nExecStartPre=/bin/id', 'a\0', 'a\r']) {
  test(`${JSON.stringify(value)} cannot add a line to a unit`, (t) => {
    t.throws(() => memberUnit({ ...unit, description: value }), { instanceOf: TemplateError });
    t.throws(() => memberUnit({ ...unit, command: ['quorate', value] }), { instanceOf: TemplateError });
    t.throws(() => memberUnit({ ...unit, stateFolder: value }), { instanceOf: TemplateError });
  });
}
