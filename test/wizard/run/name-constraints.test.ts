import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { judge } from '../../judges.js';
import { type Piece, workshop } from '../../pki/workshop.js';
import { plannedCluster } from './cluster.js';

for (const engine of ['included', 'etcd'] as const) {
  judge('etcd', 'etcdctl', 'openssl').serial(
    `members of the engine ${engine} run with an authority that is kept to their names, and clients refuse others`,
    async (t) => {
      t.timeout(120_000);
      const cluster = await plannedCluster(t, { engine, count: 2 });
      cluster.writePlan((text) => `${text}pki: { nameConstraints: [store.example] }\n`);
      const applied = await cluster.run(['apply']);
      t.is(applied.code, 0, applied.stderr);
      t.is((await cluster.run(['plan'])).code, 0);
      const allowed = await cluster.run(['cert', 'issue', 'server', 'lb', '--san', 'lb.store.example']);
      t.is(allowed.code, 0, allowed.stderr);
      const refused = await cluster.run(['cert', 'issue', 'server', 'm1', '--san', '10.9.9.9', 'x.example']);
      t.is(refused.code, 1);
      t.regex(refused.stderr, /"10\.9\.9\.9" is outside of .*; names: "x\.example" is outside/);
      const up = await cluster.run(['up', '--detach']);
      t.is(up.code, 0, up.stderr);
      const line = `. '${cluster.at('users/app/app.env')}' && etcdctl put /app/x 1`;
      t.is(execFileSync('sh', ['-c', line], { encoding: 'utf8' }), 'OK\n');

      // Whoever has the key may sign with another program: members, OpenSSL's and Go's, do not take what is outside.
      const { make } = await workshop(t);
      const issuer = { certificate: cluster.at('pki/ca.crt'), key: cluster.at('pki/ca.key') };
      const sign = (name: string) =>
        make(name, {
          issuer,
          subject: '/CN=app',
          extensions: [`subjectAltName=DNS:${name}`, 'extendedKeyUsage=clientAuth'],
        });
      const get = ({ certificate, key }: Piece) => {
        const options = `--cert '${certificate}' --key '${key}' --command-timeout 3s`;
        const asked = `. '${cluster.at('users/app/app.env')}'; unset ETCDCTL_CERT ETCDCTL_KEY; etcdctl ${options} get /app/x`;
        return spawnSync('sh', ['-c', asked], { encoding: 'utf8' }).stdout;
      };
      t.is(get(sign('inside.store.example')), '/app/x\n1\n');
      t.is(get(sign('evil.example')), '');
      const log = readFileSync(cluster.at('run/m1.log'), 'utf8') + readFileSync(cluster.at('run/m2.log'), 'utf8');
      t.regex(
        log,
        engine === 'etcd' ? /evil\.example\W+ is not permitted by any constraint/ : /rejected connection.*UNSPECIFIED/,
      );
    },
  );
}
