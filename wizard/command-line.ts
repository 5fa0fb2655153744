import { resolve } from 'node:path';
import { CommanderError, Command as Parser } from 'commander';
import { commands, groups } from './commands/catalogue.js';
import type { Command, Context, Given, ParsedCommand } from './commands/command.js';
import { WizardError } from './errors.js';
import { Passphrases } from './passphrases.js';
import { nearest } from './plan/nearest.js';
import { type ExitCode, exitCodes } from './report.js';
import { passphraseVariable } from './secret-variables.js';
import { plainVariable, type Terminal } from './terminal.js';
import { version } from './version.js';

// The command line: the catalogue as a commander program. Nothing here knows what a command does.

const defaultDir = './quorate';

export interface Invocation {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

function examplesText(command: Command): string {
  const lines = command.examples.map(([line, does]) => `  ${line}\n      ${does}`);
  return `\nExamples:\n${lines.join('\n')}`;
}

const textOf = (value: Given[string]): string | undefined => (typeof value === 'string' ? value : undefined);

function contextOf(invocation: Invocation, given: Given): Context {
  const { environment, terminal, signal, now } = invocation;
  const dir = textOf(given.dir) || undefined;
  const passphrases = new Passphrases({
    terminal,
    environment,
    descriptor: textOf(given.caPassphraseFd),
    askForNew: given.yes !== true,
  });
  const folder = resolve(dir ?? (environment.QUORATE_DIR || defaultDir));
  const run = (words: readonly string[]): Promise<ExitCode> =>
    runParsed({ ...invocation, args: [...words, ...(dir === undefined ? [] : ['--dir', dir])] });
  return { terminal, dir: folder, givenDir: dir, signal, now, passphrases, environment, run };
}

/** The parser for `cert` in `cert list`, made when it is first needed. */
function parent(program: Parser, words: readonly string[]): Parser {
  return words.reduce(
    (at, word) => at.commands.find((known) => known.name() === word) ?? at.command(word).summary(groups[word] ?? ''),
    program,
  );
}

function addCommand(
  program: Parser,
  command: ParsedCommand,
  invocation: Invocation,
  finish: (code: ExitCode) => void,
): void {
  const words = command.name.split(' ');
  const parser = parent(program, words.slice(0, -1)).command(words.at(-1) ?? '', {
    isDefault: command.isDefault === true,
  });
  parser.summary(command.summary).description(command.summary).addHelpText('after', examplesText(command));
  for (const [name, description] of command.arguments ?? []) parser.argument(name, description);
  for (const { flags, description } of command.options) parser.option(flags, description);
  parser.action(async () => {
    const given = parser.optsWithGlobals<Given>();
    const named = Object.fromEntries(
      parser.registeredArguments.map((argument, index) => [argument.name(), parser.processedArgs[index]]),
    );
    const context = contextOf(invocation, given);
    const run = await command.load();
    finish(await run(context, { ...given, ...named }));
  });
}

function newProgram({ terminal }: Invocation): Parser {
  return new Parser('quorate')
    .description('Certificates, units and access for etcd-style stores: one plan, a secured cluster.')
    .version(version(), '-V, --version')
    .option('--dir <dir>', `the folder of the cluster (default: QUORATE_DIR, else ${defaultDir})`)
    .option(
      '--ca-passphrase-fd <n>',
      `read the passphrase of the authority's key, or its token's PIN, from this file descriptor; ${passphraseVariable} does the same`,
    )
    .option('--no-color', 'no colours; NO_COLOR does the same')
    .option('--plain', `write nothing over, for screen readers; ${plainVariable} does the same`)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.result(text.trimEnd()),
      writeErr: (text) => terminal.say(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error:/, terminal.paint('red', 'error:'))),
    })
    .exitOverride();
}

/** What commander ends with: its help and version are done, everything else is wrong usage and has been said. */
function usageCode(error: CommanderError, { terminal }: Invocation): ExitCode {
  if (error.exitCode === 0) return exitCodes.done;
  if (error.code !== 'commander.help')
    terminal.say(
      `${terminal.paint('cyan', 'hint:')} quorate --help lists commands, quorate COMMAND --help their options`,
    );
  return exitCodes.usage;
}

/** init runs when no command is named: a mistyped one must not be taken for an argument of it. */
function refuseUnknown(word: string | undefined): void {
  const known = [...commands.map(({ name }) => name.split(' ')[0] ?? ''), 'help'];
  if (word === undefined || word.startsWith('-') || known.includes(word)) return;
  const meant = nearest(word, known);
  const hint = meant === undefined ? 'quorate --help lists the commands' : `did you mean quorate ${meant}?`;
  throw new WizardError('usage', `there is no command ${JSON.stringify(word)}`, { word }, { hint });
}

/** Runs a command line that is read here. @throws what the command throws */
export async function runParsed(invocation: Invocation): Promise<ExitCode> {
  const { args } = invocation;
  refuseUnknown(args[0]);
  let code: ExitCode = exitCodes.done;
  const program = newProgram(invocation);
  for (const command of commands) {
    if (command.kind === 'parsed') {
      addCommand(program, command, invocation, (ended) => {
        code = ended;
      });
    } else {
      program.command(command.name).summary(command.summary).addHelpText('after', examplesText(command));
    }
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return usageCode(error, invocation);
    throw error;
  }
}
