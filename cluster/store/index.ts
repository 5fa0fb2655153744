export { Backend, type BackendOptions } from './backend.js';
export { Kv, type KvOptions } from './kv.js';
export { checkTxn } from './txn-check.js';
