// Numbers in rows: seven bits a byte, the low ones first, the high bit set on all but the last. Most are small.

/** The longest that a number of 53 bits takes. */
export const numberBytesMax = 8;

/** Returns where the next field goes. */
export function putNumber(bytes: Uint8Array, value: number, at: number): number {
  let rest = value;
  let place = at;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes[place++] = (rest % 128) | 0x80;
  bytes[place++] = rest;
  return place;
}

/** Reads the numbers of a row one after the other. */
export class NumberReader {
  /** Where the next field begins. */
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  next(): number {
    let byte = this.#bytes[this.at++] ?? 0;
    let value = byte & 0x7f;
    for (let scale = 128; byte > 0x7f; scale *= 128) {
      byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
    }
    return value;
  }

  skip(count: number): void {
    for (let left = count; left > 0; ) if ((this.#bytes[this.at++] ?? 0) <= 0x7f) left -= 1;
  }
}
