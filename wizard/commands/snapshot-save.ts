import { resolve } from 'node:path';
import { WizardError } from '../errors.js';
import { type ExitCode, exitCodes } from '../report.js';
import { connectAsRoot } from '../run/cluster-client.js';
import { saveSnapshot } from '../run/snapshot-save.js';
import { snapshotSource } from '../run/snapshot-source.js';
import type { Context, Given } from './command.js';
import { readPlan } from './plan-file.js';
import { inMegabytes, statusJson } from './snapshot-status.js';

/** `demo-20261126T061500Z.db` */
const nameAt = (cluster: string, now: Date): string => `${cluster}-${now.toISOString().replace(/[-:]|\.\d+/g, '')}.db`;

/** `quorate snapshot save` */
export async function snapshotSave(context: Context, { file, endpoint, force, json }: Given): Promise<ExitCode> {
  const { terminal, dir, signal, now } = context;
  const plan = await readPlan(context);
  const path = resolve(typeof file === 'string' ? file : nameAt(plan.cluster.name, now()));
  const client = await connectAsRoot(plan, dir);
  try {
    const source =
      typeof endpoint === 'string'
        ? { endpoint: checkEndpoint(endpoint, client.endpoints), hasLeader: true }
        : await snapshotSource(client, signal);
    if (!source.hasLeader) {
      terminal.say(
        `${terminal.paint('yellow', 'warning:')} no member knows a leader: what was written last may be missing`,
      );
    }
    const progress = (done: number, whole: number | undefined): void =>
      terminal.progress(
        whole === undefined
          ? `${source.endpoint} writes its snapshot`
          : `${inMegabytes(done)} of ${inMegabytes(whole)} from ${source.endpoint}`,
      );
    const status = await saveSnapshot({
      client,
      endpoint: source.endpoint,
      path,
      force: force === true,
      signal,
      progress,
    });
    terminal.endProgress();
    if (json === true) terminal.json({ file: path, endpoint: source.endpoint, ...statusJson(status) });
    else terminal.result(path);
    terminal.say(
      `revision ${status.revision}, ${status.keys} keys, ${inMegabytes(status.size)}, from ${source.endpoint}; read back and found sound`,
    );
    return exitCodes.done;
  } finally {
    terminal.endProgress();
    client.close();
  }
}

function checkEndpoint(endpoint: string, known: readonly string[]): string {
  if (known.includes(endpoint)) return endpoint;
  const hint = `the plan's members are reached at ${known.join(', ')}`;
  throw new WizardError('usage', `--endpoint ${endpoint} is no member of the plan`, { endpoint }, { hint });
}
