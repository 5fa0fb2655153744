import { execFile } from 'node:child_process';
import { accessSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { startOurs, startTheirs } from '../differential/servers.js';
import { judge } from '../judges.js';

// Two clients that others wrote in another language, one over gRPC and one over the JSON gateway.

const run = promisify(execFile);
/** Debian's, which sees Debian's packages. */
const python = '/usr/bin/python3';

async function answersTo(script: string, url: string): Promise<readonly string[]> {
  const file = fileURLToPath(new URL(`../../../test/interop/python/${script}`, import.meta.url));
  const { stdout } = await run(python, [file, new URL(url).port], { timeout: 60_000 });
  // With ports and times in it.
  return stdout.split('\n').filter((line) => !line.includes('debug_error_string'));
}

const isThere = async (module: string): Promise<boolean> => {
  try {
    accessSync(python);
    await run(python, ['-c', `import ${module}`]);
    return true;
  } catch {
    return false;
  }
};

for (const [module, script] of [
  ['etcd3', 'grpc_client.py'],
  ['etcd3gw', 'json_client.py'],
] as const) {
  judge('etcd').test(`the Python client ${module} gets the same answers from ours as from a real etcd`, async (t) => {
    if (!(await isThere(module))) return leaveOut(t, module);
    const [ours, theirs] = await Promise.all([startOurs(t), startTheirs(t)]);
    const [got, expected] = await Promise.all([answersTo(script, ours), answersTo(script, theirs)]);
    t.true(expected.length > 9, expected.join('\n'));
    t.deepEqual(got, expected);
  });
}

function leaveOut(t: ExecutionContext, module: string): void {
  if (process.env.QUORATE_JUDGES === 'required') t.fail(`QUORATE_JUDGES=required, but Python has no ${module}`);
  t.log(`left out, Python has no ${module}`);
  t.pass();
}
