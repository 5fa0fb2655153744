import type { TimeField } from '../fields/common.js';
import { all } from './rule.js';

const lastOfUtcTime = 2049;

/** RFC 5280 4.1.2.5: which of the two kinds, and in which form. */
export function timeObjection(what: string, time: TimeField | undefined): string | undefined {
  if (time === undefined) return undefined;
  const { kind, text, date } = time;
  if (date === undefined) return `${what} is no time (${JSON.stringify(text)})`;
  const wanted = date.getUTCFullYear() <= lastOfUtcTime ? 'UTCTime' : 'GeneralizedTime';
  const form = kind === 'UTCTime' ? /^\d{12}Z$/ : /^\d{14}Z$/;
  return all(
    kind !== wanted && `${what} is a ${kind} in the year ${date.getUTCFullYear()}, where a ${wanted} belongs`,
    !form.test(text) && `${what} (${text}) has no seconds, parts of seconds, or another zone than Z`,
  );
}

/** Whether one lies behind the other, as far as both are times. */
export const isAfter = (one: TimeField | undefined, other: TimeField | undefined): boolean =>
  one?.date !== undefined && other?.date !== undefined && one.date > other.date;
