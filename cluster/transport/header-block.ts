// As much of HPACK (RFC 7541) as it takes to find one field.

/** RFC 7541, appendix A */
const authorityIndex = 1;
/** `http://`, as it stands and in Huffman's code: 41 bits, the last a 0 (RFC 7541, appendix B). */
const scheme = Buffer.from('http://');
const coded = Buffer.from([0x9d, 0x29, 0xae, 0xe3, 0x0c]);

/** A string with its length (RFC 7541 5.2), in a block. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Of an authority that begins with `http://`; undefined: there is none, or it can't be read. */
export function urlAuthority(block: Buffer, from: number): Span | undefined {
  const reader = new BlockReader(block, from);
  for (;;) {
    const first = reader.peek();
    if (first === undefined) return undefined;
    if ((first & 0x80) !== 0) reader.integer(7);
    else if ((first & 0xe0) === 0x20) reader.integer(5);
    else {
      const name = reader.integer((first & 0x40) !== 0 ? 6 : 4);
      if (name === 0) reader.string();
      const value = reader.string();
      if (value === undefined) return undefined;
      if (name === authorityIndex) return isUrl(block, value) ? value : undefined;
    }
  }
}

function isUrl(block: Buffer, { content, to, isCoded }: StringSpan): boolean {
  const text = block.subarray(content, to);
  if (!isCoded) return text.subarray(0, scheme.length).equals(scheme);
  return text.subarray(0, coded.length).equals(coded) && (text[coded.length] ?? 0xff) < 0x80;
}

interface StringSpan extends Span {
  readonly content: number;
  readonly isCoded: boolean;
}

/** The representations of RFC 7541 5 and 6, one after the other. */
class BlockReader {
  readonly #block: Buffer;
  #at: number;

  constructor(block: Buffer, at: number) {
    this.#block = block;
    this.#at = at;
  }

  /** Undefined at the end. */
  peek(): number | undefined {
    return this.#block[this.#at];
  }

  integer(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    let value = (this.#block[this.#at++] ?? 0) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#block[this.#at++] ?? 0;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  /** Undefined where it is not all there. */
  string(): StringSpan | undefined {
    const from = this.#at;
    const isCoded = ((this.#block[from] ?? 0) & 0x80) !== 0;
    const length = this.integer(7);
    const content = this.#at;
    this.#at += length;
    return this.#at <= this.#block.length ? { from, content, to: this.#at, isCoded } : undefined;
  }
}
