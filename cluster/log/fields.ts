// Little-endian fields of records that are written seldom; entries are encoded straight into their batch (batch.ts).

const wordBytes = 8;

/** Counts and ids as 64 bits each, byte strings with their length before them. */
export class FieldWriter {
  readonly #parts: Uint8Array[] = [];

  id(value: bigint): this {
    const word = Buffer.alloc(wordBytes);
    word.writeBigUInt64LE(BigInt.asUintN(64, value));
    this.#parts.push(word);
    return this;
  }

  number(value: number): this {
    return this.id(BigInt(value));
  }

  ids(values: readonly bigint[]): this {
    this.number(values.length);
    for (const value of values) this.id(value);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.number(value.length).#parts.push(value);
    return this;
  }

  done(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

/** Reads what a FieldWriter wrote; throws RangeError when the bytes end early. */
export class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  id(): bigint {
    this.#at += wordBytes;
    return this.#bytes.readBigUInt64LE(this.#at - wordBytes);
  }

  number(): number {
    return Number(this.id());
  }

  ids(): bigint[] {
    return Array.from({ length: this.#length(wordBytes) }, () => this.id());
  }

  bytes(): Uint8Array {
    const length = this.#length(1);
    this.#at += length;
    return Uint8Array.from(this.#bytes.subarray(this.#at - length, this.#at));
  }

  #length(bytesEach: number): number {
    const length = this.number();
    if (length * bytesEach > this.#bytes.length - this.#at) throw new RangeError(`${length} items do not fit`);
    return length;
  }
}
