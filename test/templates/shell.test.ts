import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { environmentFile, type Kit, kitEnvironment, kitLetter, shellArgument, TemplateError } from '#templates';
import { judge } from '../judges.js';
import { hostileValues } from './hostile.js';

/** What a shell has in a variable after it has sourced a file: everything up to the NUL. */
function sourced(shell: string, content: string, variables: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-source-'));
  try {
    const file = join(folder, 'file.env');
    writeFileSync(file, content);
    const print = variables.map((name) => `printf '%s\\0' "$${name}"`).join('; ');
    const output = execFileSync(shell, ['-c', `set -eu; . "$1"; ${print}`, shell, file], { encoding: 'utf8' });
    return output.split('\0').slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const kitAt = (folder: string): Kit => ({
  user: 'app',
  cluster: 'demo',
  endpoints: ['https://127.0.0.1:2379', 'https://[::1]:22379'],
  caFile: `${folder}/ca.crt`,
  certificateFile: `${folder}/app.crt`,
  keyFile: `${folder}/app.key`,
  environmentFile: `${folder}/app.env`,
  permissions: ['read every key that begins with `/app/`'],
  keyIsElsewhere: false,
  isRoot: false,
  example: { key: '/app/hello', readable: true, writable: true },
});

for (const shell of ['sh', 'dash', 'bash'] as const) {
  const present = judge(shell);

  present.test(`${shell} takes every hostile folder out of a kit's environment as it was put in`, (t) => {
    for (const folder of hostileValues) {
      const kit = kitAt(folder);
      const found = sourced(shell, kitEnvironment(kit), [
        'ETCDCTL_API',
        'ETCDCTL_ENDPOINTS',
        'ETCDCTL_CACERT',
        'ETCDCTL_CERT',
        'ETCDCTL_KEY',
      ]);
      t.deepEqual(found, [
        '3',
        'https://127.0.0.1:2379,https://[::1]:22379',
        kit.caFile,
        kit.certificateFile,
        kit.keyFile,
      ]);
    }
  });

  present.test(`${shell} takes every hostile value out of a member's environment as it was put in`, (t) => {
    const variables = Object.fromEntries(hostileValues.map((value, index) => [`ETCD_${index}`, value]));
    t.deepEqual(sourced(shell, environmentFile(['a member'], variables), Object.keys(variables)), hostileValues);
  });

  present.test(`${shell} passes every hostile argument on as one word`, (t) => {
    const words = hostileValues.map(shellArgument).join(' ');
    t.deepEqual(
      execFileSync(shell, ['-c', `printf '%s\\0' ${words}`], { encoding: 'utf8' })
        .split('\0')
        .slice(0, -1),
      hostileValues,
    );
  });
}

test('a comment cannot break out of its line', (t) => {
  const text = environmentFile(['m1\nETCD_NAME=evil'], { ETCD_NAME: 'm1' });
  t.is(text, '# m1 ETCD_NAME=evil\nETCD_NAME=m1\n');
  t.is(kitEnvironment({ ...kitAt('/x'), user: 'a\nexport A=1' }).split('\n').length, 7);
});

for (const value of ['\0', 'a\0b', '\u0007', '\u001b[2J', '\r', '\u0085']) {
  test(`${JSON.stringify(value)} cannot stand in an environment file and is refused`, (t) => {
    t.throws(() => environmentFile([], { A: value }), { instanceOf: TemplateError, message: /control character/ });
  });
}

test('a NUL byte cannot stand in a shell word and is refused', (t) => {
  t.throws(() => kitEnvironment(kitAt('/a\0b')), { instanceOf: TemplateError, message: /NUL/ });
});

test('the letter of a kit shows hostile names as text, and its commands still mean the path', (t) => {
  for (const value of hostileValues) {
    const letter = kitLetter({ ...kitAt(`/tmp/${value}`), user: value, cluster: value, permissions: [] });
    const heading = letter.split('\n')[0] ?? '';
    t.regex(heading, /^# /);
    t.notRegex(heading, /(^|[^\\])[`*<[]/);
    t.true(letter.includes(shellArgument(`/tmp/${value}/app.env`).split('\n')[0] ?? '?'));
  }
});
