import { resolve } from 'node:path';
import { daysLeft, replaceFile } from '#pki';
import { choose } from '../../certificates/renew/choose.js';
import { dueAt } from '../../certificates/renew/due.js';
import { type Held, heldCertificates } from '../../certificates/renew/held.js';
import { renew as renewAll } from '../../certificates/renew/renew.js';
import { columns } from '../../columns.js';
import { WizardError } from '../../errors.js';
import { certificateDaysRule } from '../../plan/rules.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** `quorate cert renew` */
export async function renew(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, now, passphrases, signal } = context;
  const plan = await readPlan(context);
  const held = await heldCertificates(plan, dir, now());
  const names = Array.isArray(given.names) ? given.names.map(String) : [];
  if (given.check === true)
    return check(context, given, names.length === 0 ? held : choose(held, { names, all: false }));
  if (given.metricsFile !== undefined) throw new WizardError('usage', '--metrics-file is written by --check alone');
  const chosen = choose(held, { names, all: given.all === true });
  const dryRun = given.dryRun === true;
  if (!dryRun) {
    const options = { dir, held: chosen, days: daysOf(given), newKey: given.newKey === true };
    const progress = (done: number, name: string): void => terminal.progress(`[${done + 1}/${chosen.length}] ${name}`);
    const notes = await renewAll({ ...options, now, passphrases, signal, progress });
    terminal.endProgress();
    for (const note of notes) terminal.say(`note: ${note}`);
  }
  const after = dryRun ? chosen : await againHeld(chosen, await heldCertificates(plan, dir, now()));
  if (given.json === true) terminal.json({ renewed: after.map((each) => heldJson(each, now())) });
  else for (const { name, certificate } of after) terminal.result(`${name}  ${untilText(certificate?.notAfter)}`);
  terminal.say(summary(chosen.length, dryRun, names.length === 0 && given.all !== true));
  return exitCodes.done;
}

const againHeld = (chosen: readonly Held[], held: readonly Held[]): readonly Held[] =>
  held.filter(({ name }) => chosen.some((each) => each.name === name));

const untilText = (end: Date | undefined): string => (end === undefined ? '' : `until ${end.toISOString()}`);

function summary(count: number, dryRun: boolean, onlyDue: boolean): string {
  const what = `${count} ${count === 1 ? 'certificate' : 'certificates'}`;
  if (count === 0)
    return onlyDue ? 'none is past two thirds of its life; names or --all renew others' : 'there is none';
  if (dryRun) return `${what} would be renewed`;
  return `${what} renewed; members here take them up by themselves, those elsewhere once the files are copied there`;
}

/** @throws WizardError `usage` */
function daysOf({ days }: Given): number | undefined {
  if (days === undefined) return undefined;
  const objection = certificateDaysRule(Number(days));
  if (objection === undefined) return Number(days);
  throw new WizardError(
    'usage',
    `--days: ${objection.what}`,
    {},
    objection.hint === undefined ? {} : { hint: objection.hint },
  );
}

/** For monitoring: says how each stands, and writes it where Prometheus finds it. */
async function check({ terminal, dir, now }: Context, given: Given, held: readonly Held[]): Promise<ExitCode> {
  const at = now();
  if (typeof given.metricsFile === 'string') {
    const { certificateMetrics } = await import('../../certificates/renew/metrics.js');
    await replaceFile(resolve(given.metricsFile), await certificateMetrics(held, dir, at), 0o644);
  }
  if (given.json === true) terminal.json({ certificates: held.map((each) => heldJson(each, at)) });
  else
    for (const line of columns(
      held.map(({ name, standing, certificate }) => [name, standing, daysText(certificate, at)]),
      terminal.paint.bind(terminal),
    ))
      terminal.result(line);
  const count = (...standings: readonly Held['standing'][]): number =>
    held.filter(({ standing }) => standings.includes(standing)).length;
  if (count('expired', 'missing', 'not-yet-valid', 'revoked', 'key-differs') > 0) return exitCodes.failed;
  return count('due') > 0 ? exitCodes.pending : exitCodes.done;
}

const daysText = (certificate: Held['certificate'], now: Date): string =>
  certificate === undefined ? '' : `${daysLeft(certificate, now)} days left`;

const heldJson = ({ name, standing, certificate, artifact }: Held, now: Date): object => ({
  name,
  standing,
  path: artifact.path,
  ...(certificate === undefined
    ? {}
    : {
        serial: certificate.serial,
        notAfter: certificate.notAfter,
        renewAt: dueAt(certificate),
        daysLeft: daysLeft(certificate, now),
      }),
});
