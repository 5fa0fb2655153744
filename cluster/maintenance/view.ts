import type { StateView } from '../store/index.js';

/** The state as it was at one index; a StateView of the store is one. */
export type View = Pick<StateView, 'index' | 'table' | 'close'>;
