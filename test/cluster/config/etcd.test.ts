import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { isFlagName } from '../../../cluster/config/flags.js';
import { type Complaint, readMemberConfig } from '../../../cluster/config/index.js';
import { successorOf } from '../../../cluster/config/renamed-flags.js';
import { ClusterError } from '../../../cluster/errors.js';
import { temporaryFolder } from '../../certificates.js';
import { judge } from '../../judges.js';

const run = promisify(execFile);
const etcd = judge('etcd');

etcd.test('there is no flag of the etcd on this machine that is not known here', async (t) => {
  const { stdout, stderr } = await run('etcd', ['--help']);
  const names = [...`${stdout}${stderr}`.matchAll(/^ {2}--([a-z0-9-]+)/gm)].map(([, name]) => name ?? '');
  t.true(names.length > 70);
  const unknown = names.filter((name) => !isFlagName(name) && successorOf(name) === undefined);
  t.deepEqual(unknown, []);
});

const firstComplaint = (args: readonly string[]): string => {
  try {
    readMemberConfig(args, {});
    return 'none';
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return (error.details.complaints as readonly Complaint[])[0]?.message ?? 'none';
  }
};

/** The last thing that a real etcd says before it ends by itself. */
async function refusalOf(t: ExecutionContext, args: readonly string[]): Promise<string> {
  const cwd = await temporaryFolder(t);
  const ended = run('etcd', ['--logger=zap', ...args], { cwd, timeout: 20_000 });
  const { stderr } = await ended.then(
    () => t.fail('etcd took what it should refuse') as never,
    (error: { stderr: string }) => error,
  );
  return [...stderr.matchAll(/"error":"((?:[^"\\]|\\.)*)"|verifying flags, (.*)\. See/g)]
    .map(([, quoted, plain]) => (quoted === undefined ? (plain ?? '') : (JSON.parse(`"${quoted}"`) as string)))
    .join('\n');
}

const contradictions: readonly (readonly string[])[] = [
  ['--election-timeout=200'],
  ['--election-timeout=60000'],
  ['--heartbeat-interval=0'],
  ['--election-timeout=0'],
  ['--listen-client-urls=http://127.0.0.1:1'],
  ['--auto-compaction-mode=often'],
  ['--initial-cluster=m1=http://localhost:2380'],
  ['stray'],
];

for (const args of contradictions) {
  etcd.test(`etcd and this member refuse ${args.join(' ')} in the same words`, async (t) => {
    const theirs = await refusalOf(t, args);
    const ours = firstComplaint(args).replace(/^--auto-compaction-mode: /, '');
    t.true(theirs.split('\n').includes(ours), `${theirs}\n---\n${ours}`);
  });
}
