import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import test from 'ava';
import { main } from './commands/quorate.js';

const bundle = dirname(main);

/** What is loaded before the first line of the file runs: the file and all that it imports, but not what it imports later. */
function loadedWith(file: string, known = new Set<string>()): ReadonlySet<string> {
  if (known.has(file)) return known;
  known.add(file);
  const text = readFileSync(join(bundle, file), 'utf8');
  for (const [, next = ''] of text.matchAll(/^(?:import|export|\}) ?.*"\.\/(.*?\.js)";$/gm)) loadedWith(next, known);
  return known;
}

/** esbuild names the file that a part of the bundle is made of above it: `// node_modules/zod/v4/core/core.js`. */
const packagesIn = (files: Iterable<string>): string[] => {
  const texts = [...files].map((file) => readFileSync(join(bundle, file), 'utf8')).join('\n');
  const names = [...texts.matchAll(/^\s*\/\/ node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm)].map(([, name = '']) => name);
  return [...new Set(names)].sort();
};

test('a member loads neither a client nor what only the wizard needs: three of them start at once', (t) => {
  const serve = readdirSync(bundle).filter((file) => /^serve-.*\.js$/.test(file));
  t.is(serve.length, 1);
  const files = new Set([...loadedWith(basename(main)), ...loadedWith(serve[0] ?? '')]);
  t.deepEqual(packagesIn(files), ['@node-rs/crc32', 'long', 'protobufjs']);
});
