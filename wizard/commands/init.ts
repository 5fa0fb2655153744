import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { writeNew } from '#pki';
import { outstandingSteps } from '../apply/apply.js';
import { WizardError } from '../errors.js';
import { planFile } from '../layout.js';
import type { Plan } from '../plan/plan.js';
import { printPlan } from '../plan/print.js';
import { type ExitCode, exitCodes } from '../report.js';
import { type Answered, type AnswerSource, answersFrom, settled } from './answers-source.js';
import { makeMatch, makesAuthority } from './apply.js';
import type { Context, Given } from './command.js';
import { dirFlag, linesToInstall, linesToTry } from './next-lines.js';
import { stepLines, stepSummary } from './plan.js';
import { findPlan } from './plan-file.js';

const publicFile = 0o644;

interface Session {
  readonly context: Context;
  /** Whether somebody is there, and wants to be asked before something is written. */
  readonly ask: boolean;
  readonly answersFile: string | undefined;
}

/** A plan that is there is gone on with; answers that say otherwise are not written over it. */
async function sourceOf({ context, ask, answersFile }: Session, existing: Plan | undefined): Promise<AnswerSource> {
  const { terminal, dir } = context;
  if (existing === undefined) return answersFrom(context, answersFile, ask);
  const path = join(dir, planFile);
  if (answersFile === undefined) {
    terminal.say(`${path} is there: going on with it`);
    return settled({ plan: existing, passwords: new Map() });
  }
  const source = await answersFrom(context, answersFile, ask);
  if (isDeepStrictEqual((await source.answer()).plan, existing)) return source;
  const hint = `choose another --dir; to change this cluster, edit ${path} and run quorate apply`;
  const other = answersFile === '-' ? 'what was read' : answersFile;
  throw new WizardError('plan-differs', `${path} is there already and differs from ${other}`, { path }, { hint });
}

/** Ports are only looked at for a new cluster: an old one's may be in use by its own members. */
async function checkPorts(plan: Plan): Promise<void> {
  if (plan.cluster.run !== 'local') return;
  const { portObjection, probePort } = await import('../questions/ports.js');
  for (const member of plan.members) {
    const objection = await portObjection(member, probePort);
    if (objection === undefined) continue;
    const hint = `${objection.hint}; with other ports: quorate init --dry-run > plan.yaml, edit it, quorate init --answers plan.yaml`;
    throw new WizardError('port-in-use', `${member.name}: ${objection.what}`, { member: member.name }, { hint });
  }
}

/** Writes quorate.yaml and all that follows from it. */
async function make({ context }: Session, { plan, passwords }: Answered, isNew: boolean): Promise<void> {
  const { terminal, dir } = context;
  if (isNew) await writeNew(join(dir, planFile), printPlan(plan), publicFile);
  await makeMatch(context, plan, passwords);
  terminal.say(`${dir} is as its plan wants it`);
}

async function finish({ context }: Session, plan: Plan): Promise<void> {
  const { terminal, dir, givenDir } = context;
  if (plan.cluster.run !== 'local') {
    terminal.say('next, on each host:');
    for (const line of linesToInstall(plan, dir, givenDir)) terminal.result(line);
    return;
  }
  const { start } = await import('./start.js');
  await start(plan, context);
  terminal.say('try it:');
  for (const line of linesToTry(plan, dir, givenDir)) terminal.result(line);
}

async function confirmed({ context, ask }: Session): Promise<boolean> {
  if (!ask) return true;
  const { confirm } = await import('../questions/ask.js');
  return confirm(`Write this to ${context.dir}?`);
}

/**
 * Shows what would be made, and asks. A no is no end: any answer may be given again.
 * @throws WizardError `cancelled` · `port-in-use`
 */
async function agreed(session: Session, source: AnswerSource, isNew: boolean): Promise<Answered> {
  const { context, ask } = session;
  const { terminal, dir, now } = context;
  for (;;) {
    const chosen = await source.answer();
    const steps = await outstandingSteps(chosen.plan, dir, now());
    if (isNew) await checkPorts(chosen.plan);
    if (isNew) terminal.say(printPlan(chosen.plan).trimEnd());
    if (ask && makesAuthority(steps) && chosen.plan.pki.key === undefined) await context.passphrases.forNew();
    if (ask && steps.length > 0) terminal.say(stepSummary(steps));
    if ((!isNew && steps.length === 0) || (await confirmed(session))) return chosen;
    if (!(await source.reconsider())) {
      const hint = `quorate init${dirFlag(context.givenDir)} asks again`;
      throw new WizardError('cancelled', 'nothing was written', {}, { hint });
    }
  }
}

/** `quorate init`, and `quorate` alone: answers, plan, confirmation, apply, start. */
export async function init(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, now } = context;
  const answersFile = typeof given.answers === 'string' ? given.answers : undefined;
  const ask = terminal.interactive && given.yes !== true;
  const session: Session = { context, ask, answersFile };
  const existing = await findPlan(context);
  if (!terminal.interactive && given.yes !== true && answersFile === undefined && existing === undefined) {
    terminal.say('no terminal to ask on: taking the defaults, as with --yes');
  }
  if (existing !== undefined && ask && answersFile === undefined && given.dryRun !== true) {
    const { guided } = await import('./guided.js');
    const ended = await guided(context, existing);
    if (ended !== undefined) return ended;
  }
  const source = await sourceOf(session, existing);
  const isNew = existing === undefined;
  if (given.dryRun === true) {
    const { plan } = await source.answer();
    terminal.result(printPlan(plan).trimEnd());
    for (const line of stepLines(await outstandingSteps(plan, dir, now()))) terminal.say(line);
    return exitCodes.done;
  }
  const chosen = await agreed(session, source, isNew);
  await make(session, chosen, isNew);
  await finish(session, chosen.plan);
  return exitCodes.done;
}
