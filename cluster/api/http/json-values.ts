import type { WideNumber } from '../../wire/json-to-message.js';

// A body of the gateway is one JSON value, or for a stream several, one after the other: `{…}{…}`.

const code = (text: string): number => text.charCodeAt(0);
const [quote, backslash] = [code('"'), code('\\')];
const opening: ReadonlySet<number> = new Set([code('{'), code('[')]);
const closing: ReadonlySet<number> = new Set([code('}'), code(']')]);
const isSpace = (char: number): boolean => char === 0x20 || (char >= 0x09 && char <= 0x0d);

/** Cuts text that comes in pieces into JSON values, and looks no further into them than it must for that. */
export class JsonSplitter {
  #begun = '';
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** Whether a list, an object or a string has begun that is not complete. */
  get isInside(): boolean {
    return this.#depth > 0 || this.#inString;
  }

  /** In code units. */
  get pendingLength(): number {
    return this.#begun.length;
  }

  /** The values that this piece completes. A number or word is complete once something comes after it. */
  push(piece: string): readonly string[] {
    const values: string[] = [];
    let start = 0;
    for (let at = 0; at < piece.length; at++) {
      const char = piece.charCodeAt(at);
      const isBlank = this.#begun === '' && start === at && isSpace(char);
      if (isBlank) start = at + 1;
      else if (this.#isLast(char)) {
        values.push(this.#begun + piece.slice(start, at + 1));
        this.#begun = '';
        this.#depth = 0;
        start = at + 1;
      }
    }
    this.#begun += piece.slice(start);
    return values;
  }

  /** What is left once there is no more to come. */
  rest(): string {
    const rest = this.#begun;
    this.#begun = '';
    return rest;
  }

  #isLast(char: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (char === backslash) this.#escaped = true;
      else if (char === quote) this.#inString = false;
      return !this.#inString && this.#depth === 0;
    }
    if (char === quote) this.#inString = true;
    else if (opening.has(char)) this.#depth += 1;
    else if (closing.has(char)) this.#depth -= 1;
    else return this.#depth === 0 && isSpace(char);
    return this.#depth <= 0 && closing.has(char);
  }
}

/** A string as a whole, or a whole number that a double may not hold. */
const stringOrWide = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/gs;
const widened = (token: string): string =>
  token.startsWith('"') ? token : JSON.stringify({ wide: token } satisfies WideNumber);

/** As JSON.parse, but whole numbers with more digits than a double can be sure of are kept. @throws SyntaxError */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return /\d{16}/.test(text) ? JSON.parse(text.replace(stringOrWide, widened)) : value;
}
