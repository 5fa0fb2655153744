// The bin as a few files instead of some four hundred modules: a member, of which three start at once, needs two thirds of the
// CPU until it serves. Everything else (tests, bench, the wings' doors) runs on what tsc emits.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist/bundle', { recursive: true, force: true });
await build({
  // The second one is a thread's, and is looked for there.
  entryPoints: { main: 'dist/wizard/main.js', 'signing/thread': 'dist/pki/signing/thread.js' },
  outdir: 'dist/bundle',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  // Native, or loaded only where the program waits for a person.
  external: ['lmdb', 'bcrypt', '@node-rs/crc32-*', '*.node', 'inquirer'],
  // Bundled CommonJS packages ask for Node's own modules with require().
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
});
