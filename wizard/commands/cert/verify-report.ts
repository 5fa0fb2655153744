import { findingReasons } from '#pki';
import type { Verified } from '../../certificates/verify/verify.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Terminal } from '../../terminal.js';
import type { Given } from '../command.js';

const colors = { error: 'red', warning: 'yellow', info: 'green' } as const;

/** Says what was found. @returns 1 for errors, with --strict for warnings, too */
export function conclude(terminal: Terminal, verified: readonly Verified[], given: Given): ExitCode {
  const count = (severity: string): number =>
    verified.flatMap(({ findings }) => findings).filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  if (given.json === true) terminal.json({ errors, warnings, verified: verified.map(plain) });
  else for (const each of verified) sayVerified(terminal, each);
  const summary = `${verified.length} looked at: ${errors} errors, ${warnings} warnings`;
  terminal.say(terminal.paint(errors > 0 ? 'red' : warnings > 0 ? 'yellow' : 'green', summary));
  return errors > 0 || (given.strict === true && warnings > 0) ? exitCodes.failed : exitCodes.done;
}

const plain = ({ title, where, findings }: Verified) => ({
  title,
  where,
  findings: findings.map(({ hint: _, ...finding }) => ({ ...finding, why: findingReasons[finding.code] })),
});

function sayVerified(terminal: Terminal, { title, where, findings }: Verified): void {
  if (findings.length === 0) terminal.result(`${terminal.paint('green', 'ok')} ${where}: ${title}`);
  for (const { code, severity, message, path, next } of findings) {
    const label = code === 'valid' ? 'ok' : severity;
    const about = path === where ? title : `of ${title}`;
    terminal.result(`${terminal.paint(colors[severity], label)} ${path}: ${about}: ${message}`);
    const why = findingReasons[code];
    if (why !== '') terminal.result(`    why:  ${why}`);
    if (next !== undefined) terminal.result(`    next: ${next}`);
  }
}
