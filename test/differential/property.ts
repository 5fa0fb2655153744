import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { text } from './text.js';

const { DIFFERENTIAL_SEQUENCES: count = '30', DIFFERENTIAL_SEED: seed = '1' } = process.env;

/**
 * Checks many random sequences of commands. DIFFERENTIAL_SEQUENCES=10000 asks for more of them, DIFFERENTIAL_SEED for others.
 * A failure names its seed and the shortest sequence that was found to fail.
 */
export async function checkSequences<Command>(
  t: ExecutionContext,
  command: fc.Arbitrary<Command>,
  run: (commands: readonly Command[]) => Promise<void>,
): Promise<void> {
  // Not more than it takes: AVA gives up on no worker of the whole suite before this is over.
  t.timeout(Math.max(120_000, 2_000 * Number(count)));
  const sequences = fc.array(command, { minLength: 1, maxLength: 40, size: 'max' });
  const {
    failed,
    seed: used,
    counterexample,
    errorInstance,
  } = await fc.check(fc.asyncProperty(sequences, run), {
    numRuns: Number(count),
    seed: Number(seed),
  });
  const shortest = counterexample?.[0].map(text).join('\n');
  t.false(
    failed,
    `seed ${used}: ${errorInstance instanceof Error ? errorInstance.message : errorInstance}\nafter\n${shortest}`,
  );
}
