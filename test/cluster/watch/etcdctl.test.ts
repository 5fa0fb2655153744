import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import { connect } from '../../../cluster/client/client.js';
import { revision } from '../../../cluster/numbers.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { startMember } from '../api/member.js';
import { eventually } from '../transport/eventually.js';

/** `etcdctl watch …` until it has printed the last line that is expected; gives all that it printed. */
async function watched(endpoint: string, args: readonly string[], last: RegExp, input = ''): Promise<string> {
  const env = { PATH: process.env.PATH, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: endpoint };
  const child = spawn('etcdctl', ['watch', ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text));
  const exited = once(child, 'exit');
  child.stdin.write(input);
  try {
    await eventually(`${last} of ${args.join(' ')}`, () => last.test(output));
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  return output;
}

/** From the beginning or the end of a history, so that it does not matter when etcdctl has connected. */
async function playAt(t: ExecutionContext, endpoint: string): Promise<Record<string, string>> {
  const client = connect({ endpoints: [endpoint] });
  t.teardown(() => client.close());
  for (const [key, value] of Object.entries({ '/a/1': 'one', '/a/2': 'two', '/b': 'other' }))
    await client.put(key, value);
  await client.put('/a/1', 'more');
  await client.delete('/a/2');
  await client.put('/a/3', 'last');
  const ask = (args: string, last: RegExp, input?: string): Promise<string> =>
    watched(endpoint, args.split(' '), last, input);
  const told = {
    prefix: await ask('--rev=2 --prefix /a/', /last\n/),
    previous: await ask('--rev=2 --prefix --prev-kv /a/', /last\n/),
    one: await ask('--rev=3 /a/2', /DELETE\n\/a\/2\n/),
    range: await ask('--rev=1 /a/1 /a/3', /DELETE\n\/a\/2\n/),
    json: await ask('--rev=6 --prefix /a/ -w json', /"Events".*\n/),
    interactive: await ask('-i', /last\n/, 'watch --rev=7 /a/3\n'),
    command: await watched(
      endpoint,
      ['--rev=7', '/a/3', '--', 'sh', '-c', 'echo $ETCD_WATCH_KEY $ETCD_WATCH_VALUE'],
      /"last"\n/,
    ),
  };
  await client.compact(revision(5));
  return { ...told, compacted: await ask('--rev=3 /a/1', /compacted/) };
}

/** Ids, terms and pids differ. */
const plain = (text: string): string => text.replace(/"(cluster_id|member_id|raft_term)":\d+/g, '"$1":#');

judge('etcd', 'etcdctl').test('etcdctl watches as it does on a real etcd', async (t) => {
  const [ours, theirs] = [
    await playAt(t, (await startMember(t)).endpoint),
    await playAt(t, (await startEtcd(t)).endpoint),
  ];
  for (const what of Object.keys(theirs)) t.is(plain(ours[what] ?? ''), plain(theirs[what] ?? ''), what);
});
