#!/usr/bin/env node
import { setMaxListeners } from 'node:events';
import { asCancelled } from './errors.js';
import { runProgram } from './program.js';
import { exitCodes, report } from './report.js';
import { secretVariables } from './secret-variables.js';
import { plainVariable, Terminal } from './terminal.js';

// The bin: this process's streams and signals around a command line.

const args = process.argv.slice(2);
const colorless = args.includes('--no-color') || (process.env.NO_COLOR ?? '') !== '';
// The prompts' colours are decided by Node, which reads the variable.
if (colorless) process.env.NO_COLOR = '1';
// Prompts are asked from everywhere: what they go by is where they find it.
if (args.includes('--plain') || process.env.TERM === 'dumb') process.env[plainVariable] = '1';
const plain = (process.env[plainVariable] ?? '') !== '';

const { stdout, stderr, stdin } = process;
const terminal = new Terminal({ stdout, stderr, stdin, colors: !colorless, plain });

// `quorate plan | head` is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.done);
});

// What is started from here does not get to know them.
const environment = { ...process.env };
for (const secret of secretVariables) delete process.env[secret];

const controller = new AbortController();
// Each call that is under way listens: hundreds at once are no leak.
setMaxListeners(0, controller.signal);
process.on('SIGINT', () => {
  // The first Ctrl-C ends what is under way in good order, the second at once.
  if (controller.signal.aborted) process.exit(exitCodes.cancelled);
  controller.abort();
});

try {
  process.exitCode = await runProgram({
    args,
    environment,
    terminal,
    signal: controller.signal,
    now: () => new Date(),
  });
} catch (error) {
  process.exitCode = report(terminal, controller.signal.aborted ? asCancelled(error) : error);
}
