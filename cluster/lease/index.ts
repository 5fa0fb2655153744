export { Deadlines } from './deadlines.js';
export { LeaseKeeper } from './keeper.js';
export { checkLeaseSeconds, type Lease, type LeaseFollower, Leases } from './leases.js';
export { Lessor } from './lessor.js';
