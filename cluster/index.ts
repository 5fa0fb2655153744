export { ClusterError, type ClusterErrorCode } from './errors.js';
