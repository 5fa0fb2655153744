import { resolve } from 'node:path';
import { type Linted, lintFile, PkiError } from '#pki';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Terminal } from '../../terminal.js';
import type { Context, Given } from '../command.js';

interface LintedFile {
  readonly path: string;
  /** Why nothing of it could be looked at. */
  readonly refused?: string;
  readonly hint?: string | undefined;
  readonly linted: readonly Linted[];
}

async function lintOne(path: string): Promise<LintedFile> {
  try {
    return { path, linted: await lintFile(path) };
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return { path, refused: error.message, hint: error.hint, linted: [] };
  }
}

/** `quorate cert lint`: exit code 1 when a rule is broken, or a file can not be looked at. */
export async function lint({ terminal }: Context, given: Given): Promise<ExitCode> {
  const paths = Array.isArray(given.files) ? given.files.map((path) => resolve(String(path))) : [];
  const files: LintedFile[] = [];
  // One after the other: a list may have a million entries.
  for (const path of paths) files.push(await lintOne(path));
  const findings = files.flatMap(({ linted }) => linted.flatMap((each) => each.findings));
  const refused = files.filter((file) => file.refused !== undefined).length;
  const errors = findings.filter(({ severity }) => severity === 'error').length + refused;
  const warnings = findings.length + refused - errors;
  if (given.json === true) terminal.json({ errors, warnings, files });
  else for (const file of files) sayFile(terminal, file);
  const count = files.reduce((sum, { linted }) => sum + linted.length, 0);
  const style = errors > 0 ? 'red' : warnings > 0 ? 'yellow' : 'green';
  terminal.say(terminal.paint(style, `${count} looked at: ${errors} errors, ${warnings} warnings`));
  return errors > 0 || (given.strict === true && warnings > 0) ? exitCodes.failed : exitCodes.done;
}

function sayFile(terminal: Terminal, { path, refused, hint, linted }: LintedFile): void {
  if (refused !== undefined) terminal.result(`${terminal.paint('red', 'error')} ${refused}`);
  if (hint !== undefined) terminal.result(`    next: ${hint}`);
  for (const { place, kind, findings } of linted) {
    const where = linted.length === 1 ? path : `${path}, number ${place}`;
    if (findings.length === 0) terminal.result(`${terminal.paint('green', 'ok')} ${where}: a ${kind}`);
    for (const { rule, source, severity, message } of findings) {
      const label = terminal.paint(severity === 'error' ? 'red' : 'yellow', severity);
      terminal.result(`${label} ${where}: ${message} [${rule}, ${source}]`);
    }
  }
}
