// Text that somebody else chose, as part of a message.

const lengthMax = 80;

/** In quotes, cut where it is long; what can't be seen, or would move a terminal's cursor, as its code point. */
export function quote(text: string): string {
  const cut = text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
  return JSON.stringify(cut).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
