import type { Invocation } from './command-line.js';
import { commands } from './commands/catalogue.js';
import type { ExitCode } from './report.js';

/**
 * Runs one command line. Members, of which several start at once, need not wait for the parser: their arguments pass it by.
 * @throws what the command throws
 */
export async function runProgram(invocation: Invocation): Promise<ExitCode> {
  const [name, ...rest] = invocation.args;
  const passed = commands.find((command) => command.kind === 'passed' && command.name === name);
  if (passed?.kind === 'passed') return (await passed.load())(rest);
  const { runParsed } = await import('./command-line.js');
  return runParsed(invocation);
}
