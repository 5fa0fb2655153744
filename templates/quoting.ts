import { TemplateError } from './errors.js';

// One function a dialect: any text in, a token out that the dialect's reader takes for exactly that text.

function refuse(dialect: string, value: string, what: string): never {
  throw new TemplateError(`${dialect} cannot hold ${JSON.stringify(value)}: ${what}`, { dialect, value });
}

/** POSIX shell: nothing is special between single quotes but the quote itself (POSIX.1-2024, XCU 2.2.2). */
export function shellWord(value: string): string {
  if (value.includes('\0')) refuse('a shell word', value, 'it has a NUL byte');
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** A word that needs no quotes is left without: commands are read by people. */
export const shellArgument = (value: string): string =>
  /^[A-Za-z0-9_./:=@%+-]+$/.test(value) ? value : shellWord(value);

/** As `shellArgument`, in what can be seen and typed: all of the text but line breaks at its end, which shells take away. */
export const typedArgument = (value: string): string =>
  /[\p{C}\u2028\u2029]/u.test(value)
    ? `"$(printf '${Buffer.from(value)
        .toString('latin1')
        .replace(/[^A-Za-z0-9]/g, octal)}')"`
    : shellArgument(value);

const octal = (byte: string): string => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`;

/**
 * A value of a systemd EnvironmentFile. Between double quotes a backslash escapes `"`, `\`, `$` and the backtick, and only
 * these (systemd.exec(5)); systemd drops assignments with other control characters than tab and line break.
 */
export function environmentValue(value: string): string {
  if (/[^\P{Cc}\t\n]/u.test(value)) refuse('an environment file', value, 'it has a control character');
  return /^[A-Za-z0-9_./:=@%+,-]*$/.test(value) ? value : `"${value.replace(/["\\$`]/g, '\\$&')}"`;
}

/** Text in a unit file: one line, with `%` not taken for a specifier (systemd.unit(5)). */
export function unitText(value: string): string {
  if (/\p{Cc}/u.test(value)) refuse('a unit file', value, 'it has a control character');
  // A trailing backslash would join the next line.
  return value.replaceAll('%', '%%').replace(/\\$/, '\\\\');
}

/** One word of an Exec line (systemd.service(5), "Command lines"): `$` is doubled against variables, `%` against specifiers. */
export function execWord(value: string): string {
  if (/\p{Cc}/u.test(value)) refuse('a unit file', value, 'it has a control character');
  const escaped = value.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[A-Za-z0-9_./:=@%+$,-]+$/.test(escaped) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`;
}

/** Text in a line of Markdown, with nothing in it taken for markup. */
export const markdownText = (value: string): string => visible(value).replace(/[\\`*_{}[\]()<>#+\-.!|~&]/g, '\\$&');

/** A code span: fenced by one backtick more than the longest run inside (CommonMark 6.1). */
export function markdownCode(value: string): string {
  const text = visible(value);
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = /^[` ]|[` ]$/.test(text) ? ' ' : '';
  return `${fence}${space}${text}${space}${fence}`;
}

/** A line break would end the paragraph, and other control characters can't be seen: both become escapes. */
function visible(value: string): string {
  return value.replace(/\p{C}/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    return escaped === character ? `\\u{${character.codePointAt(0)?.toString(16)}}` : escaped;
  });
}
