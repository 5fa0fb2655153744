import { processLimit } from '../process-limits.js';

/** What a member itself has open at most, with room: the store, the log, connections to its peers. */
const ownFiles = 256;
/** Below it a cluster of some size is short of connections. */
const wantedFiles = 8192;

export interface OpenFiles {
  /** For all clients' connections together. */
  readonly connectionsMax: number;
  readonly warning?: string;
}

/**
 * Leaves clients what a member does not need for itself: one that could open no more files could not go on.
 * @param max how many files this process may have open: Node has raised it as far as it may
 */
export function openFiles(max = processLimit('Max open files')): OpenFiles {
  if (max === undefined) return { connectionsMax: 100_000 };
  const connectionsMax = Math.max(max - ownFiles, 16);
  if (max >= wantedFiles) return { connectionsMax };
  const fix = 'raise LimitNOFILE= of the unit, or ulimit -n';
  return {
    connectionsMax,
    warning: `this process may open ${max} files, enough for ${connectionsMax} connections of clients: ${fix}`,
  };
}
