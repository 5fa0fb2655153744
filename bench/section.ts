import type { Round } from './figures.js';
import { say } from './processes.js';

/** A part of the benchmark: what is shown of it, and all that was measured. */
export interface Section {
  readonly table: string;
  readonly data: unknown;
}

/** For what an engine does not serve: its row stays empty, and nobody is kept from the rest. */
export function withoutFigures(error: unknown): Round {
  say(String(error));
  return {};
}
