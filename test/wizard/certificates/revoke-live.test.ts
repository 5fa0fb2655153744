import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { judge } from '../../judges.js';
import { appliedCluster, eventually, type TestCluster } from '../run/cluster.js';

const run = promisify(execFile);

/** etcdctl as the kit sets it up; at one member only where a port is given. */
const command = (cluster: TestCluster, user: string, words: string, port?: number): [string, string[]] => {
  const one = port === undefined ? '' : `export ETCDCTL_ENDPOINTS=https://127.0.0.1:${port}; `;
  return ['sh', ['-c', `. ${cluster.at(`users/${user}/${user}.env`)}; ${one}exec etcdctl ${words}`]];
};
const etcdctl = (...args: Parameters<typeof command>): Promise<{ stdout: string }> => run(...command(...args));

const briefly = '--command-timeout=2s --dial-timeout=2s';

/** A connection with a user's certificate that says nothing, and when it was closed. */
async function connected(cluster: TestCluster, user: string) {
  const file = (name: string): Buffer => readFileSync(cluster.at(`users/${user}/${name}`));
  const socket = connect({
    ...{ host: '127.0.0.1', port: cluster.members[0]?.clientPort, ALPNProtocols: ['h2'] },
    ...{ ca: file('ca.crt'), cert: file(`${user}.crt`), key: file(`${user}.key`) },
  });
  socket.on('error', () => {});
  const state: { closedAt: number | undefined } = { closedAt: undefined };
  socket.resume().on('close', () => {
    state.closedAt = Date.now();
  });
  await once(socket, 'secureConnect');
  return { socket, state };
}

/** A member that is revoked is let in by no other, and comes back with other certificates, all without a restart. */
async function revokeMember(t: ExecutionContext, cluster: TestCluster): Promise<void> {
  const states = async (): Promise<string> => {
    const { stdout } = await cluster.run(['status', '--json']);
    const { members } = JSON.parse(stdout) as { members: { name: string; state: string }[] };
    const m3 = members.find(({ name }) => name === 'm3')?.state ?? '';
    return `${/^(leader|follower)$/.test(m3) ? 'in' : 'out'}, ${members.filter(({ state }) => state === 'leader').length}`;
  };
  t.is((await cluster.run(['cert', 'revoke', 'm3', '--yes'])).code, 0);
  await eventually('m3 is out, and the others have a leader', async () =>
    (await states()) === 'out, 1' ? true : undefined,
  );
  t.is((await etcdctl(cluster, 'root', 'put /app/b 1', cluster.members[0]?.clientPort)).stdout, 'OK\n');
  const renewed = await cluster.run(['cert', 'renew', 'm3', '--new-key']);
  t.is(renewed.code, 0, renewed.stderr);
  await eventually('m3 is back', async () => ((await states()) === 'in, 1' ? true : undefined));
}

for (const engine of ['included', 'etcd'] as const) {
  judge('etcd', 'etcdctl').test(
    `a user who is revoked is refused by running members of ${engine}, without a restart, and others are not`,
    async (t) => {
      const cluster = await appliedCluster(t, { engine, count: 3 });
      const up = await cluster.run(['up', '-d']);
      t.is(up.code, 0, up.stderr);
      const pids = cluster.members.map(({ name }) => cluster.pid(name));
      t.is((await etcdctl(cluster, 'app', 'put /app/a 1')).stdout, 'OK\n');
      const [shell, script] = command(cluster, 'app', 'watch --prefix /app/', cluster.members[0]?.clientPort);
      const watching = spawn(shell, script, { stdio: ['ignore', 'pipe', 'ignore'] });
      t.teardown(() => watching.kill('SIGKILL'));
      let seen = '';
      watching.stdout.setEncoding('utf8').on('data', (text: string) => {
        seen += text;
      });
      await eventually('the watch sees a put', async () => {
        await etcdctl(cluster, 'root', 'put /app/a 2');
        return seen.includes('PUT') ? true : undefined;
      });
      const open = await connected(cluster, 'app');

      const revoked = await cluster.run(['cert', 'revoke', 'app', '--reason', 'key-compromise', '--yes']);
      t.is(revoked.code, 0, revoked.stderr);
      if (engine === 'included') {
        const closedAt = await eventually('the connection is closed', () => open.state.closedAt);
        const late = closedAt - statSync(cluster.at('members/m1/etc/quorate/ca.crl.der')).mtimeMs;
        t.log(`closed ${late.toFixed(0)} ms after the list changed`);
        t.true(late < 5000, `${late} ms`);
        await etcdctl(cluster, 'root', 'put /app/a secret');
        t.is((await etcdctl(cluster, 'root', 'get /app/a --print-value-only')).stdout, 'secret\n');
        t.false(seen.includes('secret'));
      }
      open.socket.destroy();
      for (const { clientPort } of cluster.members) {
        const error = await t.throwsAsync(etcdctl(cluster, 'app', `${briefly} get /app/a`, clientPort));
        t.regex(String(error), /bad certificate|context deadline exceeded/, `at ${clientPort}`);
        t.is((await etcdctl(cluster, 'root', 'get /app/none', clientPort)).stdout, '');
      }
      if (engine === 'included') await revokeMember(t, cluster);
      t.deepEqual(
        cluster.members.map(({ name }) => cluster.pid(name)),
        pids,
      );
    },
  );
}
