import Long from 'long';

/** A 64-bit field: decoded as a Long, accepted as either when encoding. */
export type Wide = number | Long;

/** For counts and revisions, which fit 2^53. An absent field is 0. */
export const toCount = (value: Wide | null | undefined): number =>
  typeof value === 'number' ? value : value ? value.toNumber() : 0;

/** For ids, which use all 64 bits; signed as their field is. An absent field is 0. */
export function toId(value: Wide | null | undefined): bigint {
  if (!value) return 0n;
  if (typeof value === 'number') return BigInt(value);
  return value.isZero() ? 0n : value.toBigInt();
}

/** protobufjs writes the same bits for a signed and an unsigned field. */
export const fromId = (id: bigint): Long => (id === 0n ? Long.UZERO : Long.fromBigInt(id, true));
