import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readMemberConfig } from '../../../cluster/config/index.js';

const member = fileURLToPath(new URL('../../../../cluster/member/', import.meta.url));
const serve = fileURLToPath(new URL('../../../../cluster/', import.meta.url));

const sources = [
  ...readdirSync(member).map((file) => `${member}${file}`),
  ...['server.ts', 'logger.ts'].map((file) => `${serve}${file}`),
  ...['serve.ts'].map((file) => `${serve}../wizard/commands/${file}`),
].map((path) => readFileSync(path, 'utf8'));

/** Set to another value than its own, a warning says that it changes nothing (see the flags that are `idle`). */
const idle: readonly string[] = ['preVote', 'downgradeCheckMs'];

for (const field of Object.keys(readMemberConfig([], {}).config))
  test(`${field} of the configuration is ${idle.includes(field) ? 'idle' : 'read by the member'}`, (t) => {
    // `config.field`, or taken out of a configuration by its name.
    const read = new RegExp(
      `config\\.${field}\\b|\\{[^{}]*\\b${field}\\b[^{}]*\\}(?: = [\\w.#]*config\\b|: [^,;)]*(?:Config|MemberPlace)\\b)`,
    );
    const reads = sources.filter((text) => read.test(text));
    t.is(reads.length > 0, !idle.includes(field));
  });
