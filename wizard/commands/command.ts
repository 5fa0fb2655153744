import type { PassphraseSource } from '../passphrases.js';
import type { ExitCode } from '../report.js';
import { passwordVariable } from '../secret-variables.js';
import type { Terminal } from '../terminal.js';

/** What every command is given. */
export interface Context {
  readonly terminal: Terminal;
  /** DIR, absolute. */
  readonly dir: string;
  /** DIR as it was typed, to put into commands for a person; undefined when it is the default. */
  readonly givenDir: string | undefined;
  /** Ends what can be ended when Ctrl-C is typed. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** What opens the authority's key. */
  readonly passphrases: PassphraseSource;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Another command on the same DIR, as if it had been typed. */
  readonly run: (words: readonly string[]) => Promise<ExitCode>;
}

/** Options by their long names in camel case, arguments by their names. */
export type Given = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface Option {
  /** As commander reads it: `--answers <file>`. */
  readonly flags: string;
  readonly description: string;
}

interface Described {
  /** Words: `init`, `cert list`. */
  readonly name: string;
  readonly summary: string;
  /** Lines to type, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
}

/** A command whose options are read here. */
export interface ParsedCommand extends Described {
  readonly kind: 'parsed';
  /** As commander reads them: `<name>`, `[file]`. */
  readonly arguments?: readonly (readonly [argument: string, description: string])[];
  readonly options: readonly Option[];
  /** Run when no command is named. */
  readonly isDefault?: true;
  /** Loads the command's code, which no other command has to wait for. */
  load(): Promise<(context: Context, given: Given) => Promise<ExitCode>>;
}

/** A command that reads its own arguments: they reach it as they were typed. */
export interface PassedCommand extends Described {
  readonly kind: 'passed';
  load(): Promise<(args: readonly string[]) => Promise<ExitCode>>;
}

export type Command = ParsedCommand | PassedCommand;

export const jsonOption: Option = { flags: '--json', description: 'the result as JSON' };
export const yesOption: Option = { flags: '-y, --yes', description: 'take the defaults and ask nothing' };

/** Which store, and as whom, for commands on one that need not be a plan's. */
export const connectionOptions: readonly Option[] = [
  { flags: '--endpoints <urls...>', description: "another cluster than DIR's: https://HOST:PORT, one or more" },
  { flags: '--cacert <file>', description: 'the authority that its servers are verified with' },
  { flags: '--cert <file>', description: 'the certificate to sign in with' },
  { flags: '--key <file>', description: 'its key' },
  { flags: '--user <name>', description: `sign in with a password, taken from ${passwordVariable}` },
];
