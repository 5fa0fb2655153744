import { ClusterError } from '#cluster';
import { readBytes } from '#pki';
import { type Diagnosis, sorted, whyOf } from '../doctor/diagnosis.js';
import { examineForeign, examinePlan, type Surroundings } from '../doctor/examine.js';
import { otherEndpoints } from '../doctor/members.js';
import { writtenTroubles } from '../doctor/settings/troubles.js';
import { WizardError } from '../errors.js';
import { type ExitCode, exitCodes } from '../report.js';
import { installedEtcd, type Release } from '../run/engine.js';
import { endpointsOf, type OpenStore, openStore, signIn } from '../run/store-connection.js';
import type { Terminal } from '../terminal.js';
import { makeMatch } from './apply.js';
import type { Context, Given } from './command.js';
import { dirFlag } from './next-lines.js';
import { readPlan } from './plan-file.js';

/** `quorate doctor`: exit code 1 for errors, 2 for warnings alone. */
export async function doctor(context: Context, given: Given): Promise<ExitCode> {
  const { terminal } = context;
  let found = await examine(context, given);
  if (given.fix === true && found.some(({ mendedByApply }) => mendedByApply)) {
    terminal.say('mending what quorate apply mends');
    // What an earlier plan wanted is no mistake: it is left to apply.
    await makeMatch(context, await readPlan(context), new Map(), true);
    found = await examine(context, given);
  }
  if (given.json === true) terminal.json({ found: found.map((each) => ({ ...each, why: whyOf(each) })) });
  else for (const each of found) sayDiagnosis(terminal, each);
  return conclude(terminal, found);
}

async function examine(context: Context, given: Given): Promise<readonly Diagnosis[]> {
  const paths = Array.isArray(given.files) ? given.files.map(String) : [];
  const { dir, givenDir, now, signal, terminal } = context;
  refuseMixtures(paths.length > 0, endpointsOf(given).length > 0, given.fix === true);
  if (paths.length > 0) {
    const here = await installedEtcd();
    return sorted((await Promise.all(paths.map((path) => ofSettings(path, here, now())))).flat());
  }
  const around: Surroundings = { dir, flag: dirFlag(givenDir), now, signal, note: (text) => terminal.say(text) };
  if (given.endpoints === undefined) return examinePlan(await readPlan(context), around);
  const others = await withStore(context, given, ({ client }) => otherEndpoints(client, signal));
  if (others.length > 0) terminal.say(`looked at as well, as members advertise them: ${others.join(', ')}`);
  const whole = { ...given, endpoints: [...endpointsOf(given), ...others] };
  return withStore(context, whole, (store) => examineForeign(store, around));
}

/** What would be passed over in silence otherwise. */
function refuseMixtures(hasFiles: boolean, hasEndpoints: boolean, mends: boolean): void {
  if (hasFiles && hasEndpoints)
    throw new WizardError('usage', 'files and --endpoints are looked at one after the other: name one of the two');
  if (mends && (hasFiles || hasEndpoints)) {
    const hint = 'leave --fix out: each finding says what mends it';
    throw new WizardError(
      'usage',
      '--fix mends what is in DIR, and neither other files nor other clusters',
      {},
      { hint },
    );
  }
}

async function withStore<Result>(context: Context, given: Given, work: (store: OpenStore) => Promise<Result>) {
  const store = await openStore(given);
  try {
    await signIn(store.client, context, given).catch((error: unknown) => {
      // What keeps others from signing in is what is looked for.
      if (!(error instanceof ClusterError)) throw error;
      context.terminal.sayOnce(`not signed in: ${error.message}`);
    });
    return await work(store);
  } finally {
    store.client.close();
  }
}

const settingsBytesMax = 1024 * 1024;

async function ofSettings(file: string, here: Release | undefined, now: Date): Promise<Diagnosis[]> {
  const text = (await readBytes(file, settingsBytesMax)).toString();
  if (text.length > settingsBytesMax)
    throw new WizardError('files-refused', `${file} is too large to be a unit, a manifest or a configuration`, {
      file,
    });
  return writtenTroubles(text, file, here, now);
}

const colors = { error: 'red', warning: 'yellow', info: 'cyan' } as const;
const labels = { error: 'error', warning: 'warning', info: 'note' } as const;

function sayDiagnosis(terminal: Terminal, diagnosis: Diagnosis): void {
  const { severity, where, what, next, mendedByApply } = diagnosis;
  terminal.result(`${terminal.paint(colors[severity], labels[severity])} ${where}: ${what}`);
  terminal.result(`    why:  ${whyOf(diagnosis)}`);
  if (next !== undefined) terminal.result(`    next: ${next}${mendedByApply ? ' (--fix does)' : ''}`);
}

function conclude(terminal: Terminal, found: readonly Diagnosis[]): ExitCode {
  const count = (severity: string): number => found.filter((each) => each.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const color = errors > 0 ? 'red' : warnings > 0 ? 'yellow' : 'green';
  const summary = errors + warnings === 0 ? 'nothing is wrong' : `${errors} errors, ${warnings} warnings`;
  terminal.say(terminal.paint(color, summary));
  return errors > 0 ? exitCodes.failed : warnings > 0 ? exitCodes.pending : exitCodes.done;
}
