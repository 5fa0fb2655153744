import type { Observation } from './observation.js';
import type { PortProbe } from './ports.js';

/** What the questions look at besides the answers. */
export interface Surroundings {
  readonly probe: PortProbe;
  readonly observed: Observation;
}
