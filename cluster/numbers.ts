// Counts are branded numbers (they fit 2^53), names are branded bigints (they use all 64 bits).
// Converted once, at the wire; in JSON and logs ids are strings.

type Counter<Name extends string> = number & { readonly __counter: Name };
type Identifier<Name extends string> = bigint & { readonly __identifier: Name };

/** A raft term (Raft §5.1); 0 before the first election. */
export type Term = Counter<'Term'>;
/** The place of an entry in the raft log; the first entry has 1. */
export type Index = Counter<'Index'>;
/** A revision of the store; an empty store has 1, as in etcd. */
export type Revision = Counter<'Revision'>;
/** Counts changes of users, roles and permissions; starts at 1. */
export type AuthRevision = Counter<'AuthRevision'>;

/** A member of the cluster; 0 names nobody. */
export type MemberId = Identifier<'MemberId'>;
export type ClusterId = Identifier<'ClusterId'>;
/** A lease; 0 is no lease. */
export type LeaseId = Identifier<'LeaseId'>;

export const term = (value: number): Term => value as Term;
export const index = (value: number): Index => value as Index;
export const revision = (value: number): Revision => value as Revision;
export const authRevision = (value: number): AuthRevision => value as AuthRevision;
export const memberId = (value: bigint): MemberId => value as MemberId;
export const clusterId = (value: bigint): ClusterId => value as ClusterId;
/** Signed, as its field on the wire is, whatever it was read from. */
export const leaseId = (value: bigint): LeaseId => BigInt.asIntN(64, value) as LeaseId;

export const noMember = memberId(0n);
export const noLease = leaseId(0n);

/** The id as etcd prints it: lower-case hexadecimal without leading zeros. */
export const idText = (id: bigint): string => BigInt.asUintN(64, id).toString(16);
