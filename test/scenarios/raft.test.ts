import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { Story } from './story.js';

const folder = new URL('../../../test/scenarios/raft/', import.meta.url);
const rewrites = process.env.QUORATE_REWRITE === '1';

/** Comments and commands as they are, what was recorded under a command replaced by what comes of it now. */
function replay(text: string): string {
  const story = new Story();
  const told = text.split('\n').flatMap((line) => {
    if (line.startsWith('> ')) return [line, ...story.play(line.slice(2).trim()).map((said) => `  ${said}`)];
    return line === '' || line.startsWith('#') ? [line] : [];
  });
  return told.join('\n');
}

for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
  const file = new URL(name, folder);
  const recorded = readFileSync(file, 'utf8');
  const [title = name] = recorded.split('\n');
  test(title.replace(/^# /, ''), (t) => {
    const told = replay(recorded);
    if (rewrites) writeFileSync(file, told);
    else t.is(told, recorded, `${name} differs; QUORATE_REWRITE=1 records it anew`);
    t.true(recorded.includes('\n> '), 'a story has commands');
  });
}
