import type { Verified } from '../certificates/verify/verify.js';
import { reasons, type Trouble } from './reasons.js';

/** One thing that is wrong, or worth knowing. */
export interface Diagnosis {
  readonly code: Trouble;
  readonly severity: 'error' | 'warning' | 'info';
  /** A path, HOST:PORT, or what else it is about. */
  readonly where: string;
  readonly what: string;
  /** The command that mends it, or what a person has to do. */
  readonly next?: string;
  /** `quorate apply` mends it, and takes nothing away. */
  readonly mendedByApply?: true;
}

const of =
  (severity: Diagnosis['severity']) =>
  (code: Trouble, where: string, what: string, next?: string): Diagnosis => ({
    code,
    severity,
    where,
    what,
    ...(next === undefined ? {} : { next }),
  });

export const error = of('error');
export const warning = of('warning');
export const note = of('info');

export const whyOf = ({ code }: Diagnosis): string => reasons[code];

/** What was found about certificates; what is as it should be is left out. */
export const fromVerified = (verified: readonly Verified[]): Diagnosis[] =>
  verified.flatMap(({ title, where, findings }) =>
    findings
      .filter(({ code }) => code !== 'valid')
      .map(({ code, severity, message, path, next, hint }) => ({
        ...{ code, severity, where: path, what: `${path === where ? title : `of ${title}`}: ${message}` },
        ...(next === undefined && hint === undefined ? {} : { next: next ?? hint ?? '' }),
      })),
  );

const ranks = { error: 0, warning: 1, info: 2 } as const;

/** The worst first; the same thing is said once. */
export function sorted(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const once = new Map(diagnoses.map((each) => [`${each.code} ${each.where} ${each.what}`, each]));
  return [...once.values()].sort((a, b) => ranks[a.severity] - ranks[b.severity]);
}
