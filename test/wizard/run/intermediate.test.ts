import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { judge } from '../../judges.js';
import { plannedCluster } from './cluster.js';

const words = { QUORATE_CA_PASSPHRASE: 'correct horse' };

for (const engine of ['included', 'etcd'] as const) {
  judge('etcd', 'etcdctl').serial(
    `members of the engine ${engine} run with an intermediate under a root whose key is elsewhere`,
    async (t) => {
      t.timeout(120_000);
      const cluster = await plannedCluster(t, { engine, count: 3 });
      cluster.writePlan((text) => `${text}pki: { authority: intermediate }\n`);
      const applied = await cluster.run(['apply'], words);
      t.is(applied.code, 0, applied.stderr);
      t.regex(applied.stderr, /root\.key signs another intermediate and nothing else: keep it elsewhere/);
      rmSync(cluster.at('pki/root.key'));
      t.is((await cluster.run(['plan'])).code, 0);
      const up = await cluster.run(['up', '--detach'], words);
      t.is(up.code, 0, up.stderr);
      const line = `. '${cluster.at('users/app/app.env')}' && etcdctl put /app/x 1 && etcdctl get /app/x`;
      t.is(execFileSync('sh', ['-c', line], { encoding: 'utf8' }), 'OK\n/app/x\n1\n');
      const countIn = (path: string): number =>
        readFileSync(cluster.at(path), 'utf8').split('BEGIN CERTIFICATE').length - 1;
      t.deepEqual(['users/app/ca.crt', 'members/m1/etc/quorate/ca.crt'].map(countIn), [1, 1]);
      t.deepEqual(['users/app/app.crt', 'members/m1/etc/quorate/peer.crt'].map(countIn), [2, 2]);
      const status = await cluster.run(['status', '--json']);
      t.true(JSON.parse(status.stdout).certificates.every(({ reason }: { reason?: string }) => reason === undefined));
    },
  );
}
