import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The package's version, as npm knows it. */
export function version(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
}

/** The program itself, to run members with. The path holds for this file in dist/wizard/ and for the bundle in dist/bundle/. */
export const program = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));
