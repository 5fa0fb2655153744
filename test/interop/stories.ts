import { readFileSync } from 'node:fs';

// A story is a text file: its title, then command lines, each given to both engines. README.md has the format.

export interface Step {
  readonly user: string;
  readonly command: string;
  /** What is expected of ours where we mean to answer otherwise; the reason stands in the file. */
  readonly ours: readonly string[] | undefined;
}

export interface Story {
  readonly title: string;
  readonly steps: readonly Step[];
}

/** Lines of a step: its command, then `! reason` and `| answer` where we answer otherwise. */
function parseStep(lines: readonly string[]): Step {
  const [head = '', ...rest] = lines;
  const [, user, command] = head.match(/^(\w+)\$ (.+)$/) ?? [];
  const strange = rest.find((line, place) => !line.startsWith(place === 0 ? '! ' : '| '));
  if (user === undefined || command === undefined || strange !== undefined) {
    throw new Error(`a story does not understand "${strange ?? head}"`);
  }
  const ours = rest.length === 0 ? undefined : rest.slice(1).map((line) => line.slice(2));
  return { user, command, ours };
}

function parseStory(text: string): Story {
  const [title = '', ...lines] = text.split('\n');
  const steps: string[][] = [];
  for (const line of lines) {
    if (line === '' || line.startsWith('#')) continue;
    if (/^[!|]/.test(line)) steps.at(-1)?.push(line);
    else steps.push([line]);
  }
  return { title: title.replace(/^# /, ''), steps: steps.map(parseStep) };
}

export const readStory = (name: string): Story =>
  parseStory(readFileSync(new URL(`../../../test/interop/stories/${name}.txt`, import.meta.url), 'utf8'));
