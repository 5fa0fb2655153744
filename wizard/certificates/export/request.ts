import type { Given } from '../../commands/command.js';
import { WizardError } from '../../errors.js';
import { nearest } from '../../plan/nearest.js';
import type { Terminal } from '../../terminal.js';
import { type ExportFormat, exportFormats, isFolderFormat } from './formats.js';

/** The command line of `cert export`, read. */
export interface ExportRequest {
  readonly what: string;
  readonly format: ExportFormat;
  /** A file, a folder, or `-` for stdout; the usual place in the current folder when absent. */
  readonly out: string | undefined;
  readonly force: boolean;
}

/** The formats that each option is for. */
const optionsOf: Readonly<Record<string, readonly ExportFormat[]>> = {
  passwordFd: ['pkcs12'],
  passwordEnv: ['pkcs12'],
  generatePassword: ['pkcs12'],
  secretName: ['k8s-secret'],
  namespace: ['k8s-secret'],
  opaque: ['k8s-secret'],
  key: ['pem', 'fullchain', 'pkcs12', 'k8s-secret'],
  ca: ['pem', 'fullchain', 'pkcs12', 'k8s-secret'],
};

const flagOf = (option: string): string => `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** @throws WizardError `usage` with everything that is wrong */
export function parseExport(given: Given, terminal: Pick<Terminal, 'stdoutIsTerminal'>): ExportRequest {
  const format = exportFormats.find((each) => each === given.format);
  if (format === undefined) throw noSuchFormat(given.format);
  const out = typeof given.out === 'string' ? given.out : undefined;
  const wrong = Object.entries(optionsOf)
    .filter(([option, formats]) => given[option] !== undefined && !formats.includes(format))
    .map(([option]) => `${flagOf(option)} has no say with --format ${format}`);
  if (out === '') wrong.push('--out is empty');
  if (out === '-' && given.json === true) wrong.push('--out - and --json both want stdout');
  if (out === '-' && isFolderFormat(format)) wrong.push(`${format} is several files, and --out - is one`);
  if (out === '-' && format === 'pkcs12' && terminal.stdoutIsTerminal) wrong.push('PKCS#12 is no text for a terminal');
  if (wrong.length > 0) {
    throw new WizardError('usage', wrong.join('; '), { wrong }, { hint: 'quorate cert export --help has examples' });
  }
  return { what: String(given.what), format, out, force: given.force === true };
}

function noSuchFormat(format: Given[string]): WizardError {
  const meant = format === undefined ? undefined : nearest(String(format), exportFormats);
  const hint = meant === undefined ? `one of ${exportFormats.join(', ')}` : `did you mean ${meant}?`;
  const what = format === undefined ? '--format is missing' : `--format: there is no ${JSON.stringify(format)}`;
  return new WizardError('usage', what, { format }, { hint });
}
