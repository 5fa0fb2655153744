import type { z } from 'zod';
import { quoted } from '../shown.js';
import { type Finding, type PlanPath, refused } from './complaints.js';
import { nearest } from './nearest.js';

// zod's issues in the plan's words.

type Issue = z.core.$ZodIssue;

const knownFields: readonly string[] = [
  ...['version', 'cluster', 'members', 'pki', 'access', 'name', 'engine', 'run', 'image', 'host', 'clientPort'],
  ...['peerPort', 'addresses', 'keyType', 'caDays', 'certDays', 'roles', 'users', 'permissions', 'prefix', 'key'],
  ...['end', 'password', 'profiles', 'usages', 'names', 'namesRequired', 'commonName', 'organization', 'days'],
  ...['daysMax', 'cipherSuites', 'joins'],
];

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of fields',
};

/** What stands at a path of an untyped value; undefined when nothing does. */
function valueAt(value: unknown, path: PlanPath): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[step] : undefined),
    value,
  );
}

const shown = (value: unknown): string => {
  const text = quoted(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

function wrongType(expected: string, actual: unknown, path: PlanPath): Finding {
  const wanted = typeNames[expected] ?? expected;
  if (actual === undefined) return refused(path, { what: `is missing: ${wanted} is required` });
  const unquoted = expected === 'string' && (typeof actual === 'number' || typeof actual === 'boolean');
  const hint = unquoted ? { hint: `write it in quotes: "${actual}"` } : {};
  return refused(path, { what: `must be ${wanted}, not ${shown(actual)}`, ...hint });
}

function wrongChoice(values: readonly unknown[], actual: unknown, path: PlanPath): Finding {
  const choices = values.map(String);
  const meant = typeof actual === 'string' ? nearest(actual, choices) : undefined;
  const what = actual === undefined ? 'is missing' : `can't be ${shown(actual)}`;
  const hint = meant === undefined ? `one of ${choices.join(', ')}` : `did you mean ${meant}?`;
  return refused(path, { what, hint: choices.length === 1 ? `write ${choices.join()}` : hint });
}

function unknownField(field: string, path: PlanPath): Finding {
  const meant = nearest(field, knownFields);
  const hint = meant === undefined ? 'the fields are listed in the README, "The plan"' : `did you mean ${meant}?`;
  return refused([...path, field], {
    what: 'is no field of a plan here',
    hint: meant === field ? 'it belongs elsewhere' : hint,
  });
}

function findingsOf(issue: Issue, plan: unknown): Finding[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const actual = valueAt(plan, path);
  switch (issue.code) {
    case 'invalid_type':
      return [wrongType(issue.expected, actual, path)];
    case 'invalid_value':
      return [wrongChoice(issue.values, actual, path)];
    case 'unrecognized_keys':
      return issue.keys.map((field) => unknownField(field, path));
    case 'too_small':
      return [refused(path, { what: 'must have at least one entry' })];
    case 'custom': {
      const hint: unknown = issue.params?.hint;
      return [refused(path, { what: issue.message, ...(typeof hint === 'string' ? { hint } : {}) })];
    }
    default:
      return [refused(path, { what: issue.message })];
  }
}

/** Every issue of a failed parse as findings, in the order of the file's fields. */
export const shapeFindings = (issues: readonly Issue[], plan: unknown): Finding[] =>
  issues.flatMap((issue) => findingsOf(issue, plan));
