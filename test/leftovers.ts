import { registerCompletionHandler } from 'ava';

// Loaded into every worker. A worker ends when nothing is open any more; one with a socket or a child that was forgotten
// would keep the suite waiting, and is named instead.

/** What a test file leaves open has this long to close by itself. */
const graceMs = 20_000;

registerCompletionHandler(() => {
  setTimeout(() => {
    process.stderr.write(`still open after the last test: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit();
  }, graceMs).unref();
});
