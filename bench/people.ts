import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, quorate } from './clusters.js';
import { rowsOf, table } from './figures.js';
import { say } from './processes.js';
import type { Section } from './section.js';

// Access as it is kept in a large company, and the look of a doctor at it.

const [users, roles, permissions] = [1_000, 500, 10_000];

function declaration(): string {
  const lines = (count: number, line: (n: number) => string): string =>
    Array.from({ length: count }, (_, n) => line(n)).join('\n');
  const granted = (role: number): string =>
    lines(
      permissions / roles,
      (n) => `        - { access: ${n % 2 === 0 ? 'read' : 'readwrite'}, prefix: /r${role}/${n}/ }`,
    );
  return `access:
  roles:
${lines(roles, (n) => `    - name: r${n}\n      permissions:\n${granted(n)}`)}
  users:
    - { name: backup, roles: [root] }
${lines(users, (n) => `    - { name: u${n}, roles: [r${n % roles}, r${(7 * n + 1) % roles}] }`)}
`;
}

/** @param codes those that it may end with */
async function secondsOf(args: readonly string[], codes: readonly number[] = [0]): Promise<number> {
  const begin = performance.now();
  const [code] = await once(spawn(process.execPath, [quorate, ...args], { stdio: 'ignore' }), 'exit');
  if (!codes.includes(code)) throw new Error(`${args.join(' ')} ended with ${code}`);
  return (performance.now() - begin) / 1000;
}

/** Seconds for each command, on three members of either engine. */
export async function measurePeople(clusters: readonly Cluster[]): Promise<Section> {
  const taken = [];
  for (const { engine, dir } of clusters) {
    const file = join(dir, 'large.yaml');
    writeFileSync(file, declaration());
    const of = ['--dir', dir];
    const figures = {
      'doctor, s': await secondsOf(['doctor', ...of]),
      'plan of all, s': await secondsOf(['access', 'plan', '--file', file, ...of], [2]),
      'apply of all, s': await secondsOf(['access', 'apply', '--file', file, ...of]),
      'plan of no change, s': await secondsOf(['access', 'plan', '--file', file, ...of]),
      'doctor then, s': await secondsOf(['doctor', ...of], [0, 2]),
    };
    say(`${engine}: ${JSON.stringify(figures)}`);
    taken.push(figures);
  }
  const [ours, etcd] = taken.map((figures) => [figures]);
  const heads = Object.keys(taken[0] ?? {});
  const what = `${users} users, ${roles} roles, ${permissions} permissions`;
  return { table: table(['', ...heads], rowsOf(what, ours ?? [], etcd ?? [])), data: { taken } };
}
