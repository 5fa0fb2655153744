import { join } from 'node:path';
import { down, init, project } from './clusters.js';
import { rowsOf, table } from './figures.js';
import { run, say } from './processes.js';
import type { Section } from './section.js';

async function startByHand(dir: string, basePort: number): Promise<number> {
  const begin = performance.now();
  await run('timeout', ['60', 'bash', join(project, 'bench', 'by-hand.sh'), dir, String(basePort)]);
  const seconds = (performance.now() - begin) / 1000;
  await run('sh', ['-c', `kill $(cat ${dir}/pids)`]);
  return seconds;
}

/** An empty folder to a healthy cluster with auth on: ours by one command, etcd's by a shell script. */
export async function measureStarts(folder: string, count: number): Promise<Section> {
  const ours: { seconds: number }[] = [];
  const byHand: { seconds: number }[] = [];
  for (let n = 0; n < count; n += 1) {
    const dir = join(folder, `start-${n}`);
    ours.push({ seconds: await init('included', dir, 21_000 + n * 100) });
    await down(dir);
    byHand.push({ seconds: await startByHand(join(folder, `by-hand-${n}`), 22_000 + n * 100) });
    say(
      `start ${n + 1}/${count}: ${ours.at(-1)?.seconds.toFixed(2)} s, by hand ${byHand.at(-1)?.seconds.toFixed(2)} s`,
    );
  }
  return {
    table: table(['', 'seconds'], rowsOf('empty folder to healthy with auth on', ours, byHand)),
    data: { ours, byHand },
  };
}
