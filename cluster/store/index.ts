export { Backend, type BackendOptions } from './backend.js';
export { type CompactionState, type ForeignChange, Intake } from './intake.js';
export { Kv, type KvOptions } from './kv.js';
export { type Change, Revisions } from './revisions.js';
export { isPlain } from './selection.js';
export type { StateView } from './state-view.js';
export { checkOverlaps } from './txn-check.js';
