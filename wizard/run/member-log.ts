import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from '../layout.js';

// What a member said last, for a person. Its log has JSON lines, and at the end, in plain words, what it failed at.

export const logPath = (dir: string, name: string): string => join(dir, runFolder, `${name}.log`);

const tailBytes = 64 << 10;
const tailLines = 5;

export interface LastWords {
  readonly text: string;
  /** The member's own advice. */
  readonly hint?: string;
}

/** `from`: where this run's part of the log begins; earlier runs have written to the same file. */
async function textSince(path: string, from: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const start = Math.max(from, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - start)), { position: start });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** @example `12:00:01 warn: lost connection to peer name=m3` */
function plainLine(line: string): string {
  try {
    const { level, ts, msg, ...fields }: Record<string, unknown> = JSON.parse(line);
    if (typeof msg !== 'string') return line;
    const time = typeof ts === 'string' ? `${ts.slice(11, 19)} ` : '';
    const rest = Object.entries(fields).map(
      ([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    return `${time}${level}: ${msg}${rest.join('')}`;
  } catch {
    return line;
  }
}

const errorStart = 'error: ';
const hintStart = 'hint: ';

/** The error that a member ended with, as `quorate serve` prints it: `error: …`, then `hint: …`. */
function finalError(lines: readonly string[]): LastWords | undefined {
  const from = lines.findLastIndex((line) => line.startsWith(errorStart));
  if (from === -1) return undefined;
  const said = lines.slice(from);
  const at = said.findIndex((line) => line.startsWith(hintStart));
  const text = (at === -1 ? said : said.slice(0, at)).join('\n').slice(errorStart.length);
  const hint = at === -1 ? undefined : said[at]?.slice(hintStart.length);
  return { text, ...(hint === undefined ? {} : { hint }) };
}

/** What the member failed at, or else the end of its log. */
export async function lastWords(dir: string, name: string, from: number): Promise<LastWords> {
  const text = await textSince(logPath(dir, name), from).catch(() => '');
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '');
  const error = finalError(lines);
  if (error !== undefined) return error;
  if (lines.length === 0) return { text: 'it said nothing' };
  return {
    text: `it said last\n${lines
      .slice(-tailLines)
      .map((line) => `  ${plainLine(line)}`)
      .join('\n')}`,
  };
}
