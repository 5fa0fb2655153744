import { accessOf } from '../access/access.js';
import { accessMatrix } from '../access/matrix.js';
import { privateFile } from '../artifacts/artifact.js';
import { columns } from '../columns.js';
import { writeOutput } from '../output.js';
import type { Plan } from '../plan/plan.js';
import { type ExitCode, exitCodes } from '../report.js';
import { type CertificateReport, type MemberReport, type StatusReport, statusOf } from '../run/status.js';
import type { Terminal } from '../terminal.js';
import type { Context, Given } from './command.js';
import { readPlan } from './plan-file.js';

const warnDays = 30;

const megabytes = (bytes: number | undefined): string =>
  bytes === undefined ? '-' : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
const shown = (value: number | string | undefined): string => (value === undefined ? '-' : String(value));

const memberRow = (member: MemberReport): string[] => [
  member.name,
  member.state,
  member.endpoint,
  shown(member.pid),
  shown(member.term),
  shown(member.appliedIndex),
  shown(member.revision),
  megabytes(member.dbSize),
  member.reason ?? '',
];

function validity(daysLeft: number | undefined): string {
  if (daysLeft === undefined) return 'unreadable';
  if (daysLeft === -1) return 'expired today';
  return daysLeft < 0 ? `expired ${-daysLeft} days ago` : `${daysLeft} days left`;
}

const certificateRow = ({ name, daysLeft, path, reason }: CertificateReport): string[] => [
  name,
  validity(daysLeft),
  path,
  reason ?? '',
];

function sayTables(terminal: Terminal, { cluster, engine, healthy, members, certificates }: StatusReport): void {
  terminal.result(
    `${cluster} (${engine}): ${healthy ? terminal.paint('green', 'healthy') : terminal.paint('red', 'not healthy')}`,
  );
  const head = ['MEMBER', 'STATE', 'ENDPOINT', 'PID', 'TERM', 'APPLIED', 'REVISION', 'STORE', ''];
  for (const line of ['', ...columns([head, ...members.map(memberRow)])]) terminal.result(line);
  for (const line of ['', ...columns([['CERTIFICATE', 'VALID', 'FILE', ''], ...certificates.map(certificateRow)])])
    terminal.result(line);
  const soon = certificates.filter(({ daysLeft }) => daysLeft !== undefined && daysLeft < warnDays);
  if (soon.length > 0)
    terminal.say(terminal.paint('yellow', `warning: ${soon.length} certificates have less than ${warnDays} days left`));
}

async function writePage(
  { terminal, dir, signal, now }: Context,
  plan: Plan,
  report: StatusReport,
  file: string,
): Promise<void> {
  const [{ liveAccess }, { statusPage }] = await Promise.all([
    import('../access/drift.js'),
    import('../pages/status-page.js'),
  ]);
  const live = await liveAccess(plan, dir, signal);
  const [access, source] =
    'unknown' in live
      ? [accessOf(plan.access), `as the plan has them: of the cluster they are not known (${live.unknown})`]
      : [
          live.access,
          live.authIsOn
            ? 'as the cluster has them'
            : 'as the cluster has them, but auth is off: anybody may do anything',
        ];
  await writeOutput(terminal, file, statusPage(report, { matrix: accessMatrix(access), source }, now()), privateFile);
}

/** `quorate status`: exit code 1 when a member is not reachable or there is no leader. */
export async function status(context: Context, { json, html }: Given): Promise<ExitCode> {
  const { terminal, dir, now } = context;
  const plan = await readPlan(context);
  const report = await statusOf(plan, dir, now());
  if (typeof html === 'string') await writePage(context, plan, report, html);
  else if (json === true) terminal.json(report);
  else sayTables(terminal, report);
  return report.healthy ? exitCodes.done : exitCodes.failed;
}
