import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Row } from './rows.js';

// Tests say what of the API they judge by etcd's own answers, in comments:
//
//     // conformance: KV.Put{*} KV.Range{key range_end} Maintenance.Status
//
// `{*}`: with all of its options; a name in braces also stands for all options below it.

const tests = fileURLToPath(new URL('../../../test', import.meta.url));
const mark = /^\s*(?:\/\/|#) conformance: (.+)$/gm;

/** Which test files judge what. */
export interface Marks {
  testedBy(row: Row): readonly string[];
  /** Marks that name nothing. */
  readonly strays: (rows: readonly Row[]) => readonly string[];
}

interface Mark {
  readonly file: string;
  readonly text: string;
  readonly method: string;
  readonly options: readonly string[];
}

const isTest = (name: string): boolean => /\.(ts|txt)$/.test(name) && !name.startsWith('conformance');
const testFiles = (): readonly string[] =>
  readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter(isTest)
    .map((name) => join(tests, name));

/** What stands in tests and stories. */
export const testTexts = (): readonly string[] => testFiles().map((file) => readFileSync(file, 'utf8'));

function marksOf(file: string): Mark[] {
  const lines = [...readFileSync(file, 'utf8').matchAll(mark)].map(([, names = '']) => names);
  return lines.flatMap((line) =>
    [...line.matchAll(/(\w+\.\w+)(?:\{([^}]*)\})?/g)].map(([text, method = '', options = '']) => ({
      file: relative(join(tests, '..'), file),
      text,
      method,
      options: options.split(/\s+/).filter((option) => option !== ''),
    })),
  );
}

const covers = ({ method, options }: Mark, row: Row): boolean =>
  method === `${row.service}.${row.method}` &&
  (row.option === '' ||
    options.some((option) => option === '*' || option === row.option || row.option.startsWith(`${option}.`)));

export function readMarks(): Marks {
  const marks = testFiles().flatMap(marksOf);
  return {
    testedBy: (row) => [...new Set(marks.filter((each) => covers(each, row)).map(({ file }) => file))].sort(),
    strays: (rows) =>
      marks
        .filter((each) => {
          const named = rows.filter(({ service, method }) => each.method === `${service}.${method}`);
          const known = (option: string) =>
            named.some((row) => row.option === option || row.option.startsWith(`${option}.`));
          return named.length === 0 || !each.options.every((option) => option === '*' || known(option));
        })
        .map(({ file, text }) => `${file}: ${text}`),
  };
}
