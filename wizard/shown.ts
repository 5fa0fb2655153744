// Texts of others, on a terminal or in a message: nothing in them is obeyed, and nothing is there without being seen.

/** Characters without a shape of their own, those that turn others around among them. */
export const unseen = /[\p{C}\u2028\u2029]/gu;

const codePoint = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** What a terminal would obey, or not show, is written out; lines stay lines. */
export const visible = (text: string): string =>
  text.replace(unseen, (character) => (/[\t\n]/.test(character) ? character : codePoint(character)));

/** The same of a text that is painted: bold, dim and plain colours are left. Others could conceal. */
export const visibleOrPainted = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what begins an escape
  text.replace(/\u001b\[(?:0|1|2|22|3[1-69])m|[\p{C}\u2028\u2029]/gu, (found) =>
    found.length > 2 || /[\t\n]/.test(found) ? found : codePoint(found),
  );

/** Of JSON, which it stays: what is not seen stands in strings alone. */
export const visibleJson = (json: string): string =>
  json.replace(unseen, (found) =>
    found === '\n' ? found : Array.from({ length: found.length }, (_, at) => unit(found.charCodeAt(at))).join(''),
  );

const unit = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;

/** In quotes, as JSON; cut where it is longer. */
export function quoted(value: unknown, lengthMax = 80): string {
  const cut = typeof value === 'string' && value.length > lengthMax ? `${value.slice(0, lengthMax - 3)}…` : value;
  return (JSON.stringify(cut) ?? 'nothing').replace(unseen, codePoint);
}

/** In quotes only where it is more than a word. */
export const printable = (text: string): string =>
  /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(text) && !/["'`\\]/.test(text)
    ? text
    : JSON.stringify(text).replace(/[\p{C}\p{Z}]/gu, (character) => (character === ' ' ? ' ' : codePoint(character)));
