import { apply } from '../../../wizard/apply/apply.js';
import { samplePlan } from '../plans.js';

// One run of apply as a process of its own, to be killed: a line on stdout for each step begun or done, what it says on stderr.

await apply({
  plan: samplePlan('included', 'local', 3),
  dir: process.argv[2] ?? '',
  now: () => new Date(),
  signal: new AbortController().signal,
  say: (text) => process.stderr.write(`${text}\n`),
  progress: (_done, _all, { artifact }) => process.stdout.write(`${artifact.path}\n`),
});
